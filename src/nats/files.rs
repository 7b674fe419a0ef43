//! The files of a connection: read and checked before the client gets them, so that an error names the file.

use rustls::RootCertStore;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::config::{NamedFile, read};
use crate::event::clean_line;

use super::ConnectError;

/// The text of a file.
fn text(what: &'static str, file: &NamedFile) -> Result<String, ConnectError> {
    read::text(&file.path).map_err(|error| {
        let reason = format!("it cannot be read ({}); check its path and permissions", clean_line(&error.to_string()));
        bad(what, file, reason)
    })
}

/// A file that is not what it should be.
fn bad(what: &'static str, file: &NamedFile, reason: impl Into<String>) -> ConnectError {
    ConnectError::BadFile { what, path: file.to_string(), reason: reason.into() }
}

/// Checks the certificates that the server's is checked with.
pub(super) fn check_ca(file: &NamedFile) -> Result<(), ConnectError> {
    const WHAT: &str = "the CA file";
    let mut store = RootCertStore::empty();
    for cert in certificates(WHAT, file)? {
        store.add(cert).map_err(|_| bad(WHAT, file, "it holds a damaged certificate; get it anew"))?;
    }
    Ok(())
}

/// Checks our certificate and its key, and that they belong together.
pub(super) fn check_pair(cert: &NamedFile, key: &NamedFile) -> Result<(), ConnectError> {
    const WHAT: &str = "the client's key";
    let certs = certificates("the client certificate", cert)?;
    let pem = text(WHAT, key)?;
    let private = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| match error {
        PemError::NoItemsFound if pem.contains("ENCRYPTED PRIVATE KEY") => bad(
            WHAT,
            key,
            "it is encrypted, and nobody can be asked for its pass phrase; decrypt it with `openssl pkey`",
        ),
        PemError::NoItemsFound => bad(WHAT, key, "it holds no PEM block with a PRIVATE KEY"),
        _ => bad(WHAT, key, "its PEM text is damaged; get it anew"),
    })?;
    CertifiedKey::from_der(certs, private, &default_provider()).map(drop).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            bad(WHAT, key, format!("it does not belong to the certificate {cert}; check --tlscert and --tlskey"))
        }
        error => bad(WHAT, key, format!("it cannot be used ({}); get it anew", clean_line(&error.to_string()))),
    })
}

/// The certificates of a PEM file, at least one. The parser's words are not passed on, they may quote the file.
fn certificates(what: &'static str, file: &NamedFile) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let pem = text(what, file)?;
    let certs: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| bad(what, file, "its PEM text is damaged; get it anew"))?;
    if certs.is_empty() {
        return Err(bad(what, file, "it holds no PEM block with a CERTIFICATE"));
    }
    Ok(certs)
}
