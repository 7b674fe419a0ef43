//! Encrypted connections: own authorities, client certificates, TLS before the greeting; and all that can be wrong.

use jetscope::config::Flags;
use jetscope::demo::Server;
use jetscope::nats::{ConnectError, open};
use serde_json::json;

use super::{account, error_of, says, sentence_of, server_flag};
use crate::common::certs::{Ca, Leaf};
use crate::common::home::{Home, text};
use crate::common::server_with;

/// A server's and a client's certificates, and the files of both.
struct Setup {
    home: Home,
    ca: Ca,
    ca_path: String,
    cert: String,
    key: String,
}

impl Setup {
    fn new() -> Self {
        let (home, ca) = (Home::new(), Ca::new("own"));
        let leaf = ca.leaf(&["client.example"]);
        let (cert, key) = files(&home, "client", &leaf);
        let ca_path = text(&home.file("ca.pem", &ca.pem));
        Self { home, ca, ca_path, cert, key }
    }

    /// A server with a certificate for this address, and more in its block of TLS.
    fn server(&self, more: &str) -> Server {
        self.server_of(&self.ca.leaf(&["127.0.0.1"]), more)
    }

    fn server_of(&self, leaf: &Leaf, more: &str) -> Server {
        let (cert, key) = files(&self.home, "server", leaf);
        let ca = &self.ca_path;
        server_with(&format!(
            "tls {{ cert_file: \"{cert}\", key_file: \"{key}\", ca_file: \"{ca}\", timeout: 1, {more} }}"
        ))
    }

    fn with_ca(&self, server: &Server) -> Flags {
        Flags { ca: Some(self.ca_path.clone().into()), ..server_flag(server) }
    }

    fn with_cert(&self, server: &Server) -> Flags {
        Flags { cert: Some(self.cert.clone().into()), key: Some(self.key.clone().into()), ..self.with_ca(server) }
    }

    async fn fails(&self, flags: &Flags) -> String {
        sentence_of(&self.home.load(flags, &[]), &["PRIVATE KEY"]).await
    }
}

fn files(home: &Home, name: &str, leaf: &Leaf) -> (String, String) {
    let path = |end: &str, pem: &str| text(&home.file(&format!("{name}-{end}.pem"), pem));
    (path("cert", &leaf.cert), path("key", &leaf.key))
}

#[tokio::test]
async fn an_own_authority_from_every_place() {
    let tls = Setup::new();
    let server = tls.server("");
    let url = server.url();
    account(&Home::with(&json!({ "url": url, "ca": tls.ca_path })).selected()).await;
    account(&Home::with(&json!({ "url": url.replace("nats:", "tls:"), "ca": tls.ca_path })).selected()).await;
    account(&tls.home.load(&tls.with_ca(&server), &[])).await;
    account(&tls.home.load(&server_flag(&server), &[("NATS_CA", "~/ca.pem")])).await;
}

#[tokio::test]
async fn a_client_certificate_from_every_place() {
    let tls = Setup::new();
    let server = tls.server("verify: true");
    let url = server.url();
    let context = json!({ "url": url, "ca": tls.ca_path, "cert": tls.cert, "key": tls.key });
    account(&Home::with(&context).selected()).await;
    account(&tls.home.load(&tls.with_cert(&server), &[])).await;
    let vars =
        [("NATS_URL", url.as_str()), ("NATS_CA", &tls.ca_path), ("NATS_CERT", &tls.cert), ("NATS_KEY", &tls.key)];
    account(&Home::new().load(&Flags::default(), &vars)).await;
}

#[tokio::test]
async fn tls_before_the_greeting_from_every_place() {
    let tls = Setup::new();
    let server = tls.server("handshake_first: true");
    account(&Home::with(&json!({ "url": server.url(), "ca": tls.ca_path, "tls_first": true })).selected()).await;
    account(&tls.home.load(&Flags { tls_first: true, ..tls.with_ca(&server) }, &[])).await;
    account(&tls.home.load(&tls.with_ca(&server), &[("NATS_TLS_FIRST", "true")])).await;
}

#[tokio::test]
async fn a_mismatch_of_who_speaks_first() {
    let tls = Setup::new();
    let late = tls.server("");
    let sentence = tls.fails(&Flags { tls_first: true, ..tls.with_ca(&late) }).await;
    says(&sentence, &[&late.url(), "--tlsfirst"]);

    let first = tls.server("handshake_first: true");
    says(&tls.fails(&tls.with_ca(&first)).await, &[&first.url(), "--tlsfirst"]);
}

#[tokio::test]
async fn an_unknown_authority() {
    let tls = Setup::new();
    let server = tls.server("");
    says(&tls.fails(&server_flag(&server)).await, &[&server.url(), "--tlsca"]);
    // Another authority, and one that only calls itself the same.
    for name in ["other", "own"] {
        let other = text(&tls.home.file("other-ca.pem", &Ca::new(name).pem));
        let sentence = tls.fails(&Flags { ca: Some(other.into()), ..server_flag(&server) }).await;
        says(&sentence, &[&server.url(), "not signed by", "--tlsca"]);
    }
}

#[tokio::test]
async fn certificates_that_do_not_fit() {
    let tls = Setup::new();
    let server = tls.server_of(&tls.ca.leaf(&["nats.example"]), "");
    says(&tls.fails(&tls.with_ca(&server)).await, &[&server.url(), "another host name"]);
    let server = tls.server_of(&tls.ca.expired(&["127.0.0.1"]), "");
    says(&tls.fails(&tls.with_ca(&server)).await, &[&server.url(), "expired"]);
    let server = tls.server_of(&tls.ca.leaf(&[]), "");
    says(&tls.fails(&tls.with_ca(&server)).await, &[&server.url(), "names no host", "subjectAltName"]);
}

/// The server knows its users by their certificates; this one is signed by the right authority, and stands for nobody.
#[tokio::test]
async fn a_client_certificate_that_stands_for_no_user() {
    let tls = Setup::new();
    let (ca, leaf) = (&tls.ca_path, tls.ca.leaf(&["127.0.0.1"]));
    let (cert, key) = files(&tls.home, "server", &leaf);
    let server = server_with(&format!(
        "tls {{ cert_file: \"{cert}\", key_file: \"{key}\", ca_file: \"{ca}\", verify_and_map: true }}\n\
         authorization {{ users: [ {{ user: \"somebody.example\" }} ] }}"
    ));
    says(&tls.fails(&tls.with_cert(&server)).await, &[&server.url(), "client certificate", "none of its users"]);
}

#[tokio::test]
async fn client_certificates_that_the_server_does_not_take() {
    let tls = Setup::new();
    let server = tls.server("verify: true");
    says(&tls.fails(&tls.with_ca(&server)).await, &[&server.url(), "--tlscert", "--tlskey"]);

    let strange = Ca::new("strange").leaf(&["client.example"]);
    let over = tls.ca.expired(&["client.example"]);
    for leaf in [strange, over] {
        let (cert, key) = files(&tls.home, "refused", &leaf);
        let sentence =
            tls.fails(&Flags { cert: Some(cert.into()), key: Some(key.into()), ..tls.with_ca(&server) }).await;
        says(&sentence, &[&server.url(), "does not accept", "client certificate", "--tlscert"]);
    }
}

/// Who names an authority or a certificate wants TLS; a server (or someone between) that does not offer it must
/// not get the password in plain text.
#[tokio::test]
async fn no_way_back_to_plain_text() {
    let tls = Setup::new();
    let server = server_with("authorization { user: me, password: hunter2 }");
    let context = json!({ "url": server.url(), "user": "me", "password": "hunter2" });
    account(&Home::with(&context).selected()).await;
    let secure = [
        json!({ "ca": tls.ca_path }),
        json!({ "cert": tls.cert, "key": tls.key }),
        json!({ "tls_first": true }),
        json!({ "url": server.url().replace("nats:", "tls:") }),
    ];
    for fields in secure {
        let mut context = context.clone();
        for (name, value) in fields.as_object().unwrap() {
            context[name] = value.clone();
        }
        let error = error_of(&Home::with(&context).selected(), &["hunter2"]).await;
        assert!(matches!(error, ConnectError::Tls { .. }), "{fields}: {error:?}");
        says(&error.to_string(), &[&format!("127.0.0.1:{}", server.port()), "does the server speak TLS"]);
    }
}

/// These fail before any server is asked, so there is none.
#[tokio::test]
async fn wrong_files_are_named() {
    let tls = Setup::new();
    let gone = text(&tls.home.path("gone.pem"));
    let empty = text(&tls.home.file("empty.pem", ""));
    let block = |label: &str| format!("-----BEGIN {label}-----\n!!!!\n-----END {label}-----\n");
    let bad_cert = text(&tls.home.file("bad-cert.pem", &block("CERTIFICATE")));
    let bad_key = text(&tls.home.file("bad-key.pem", &block("PRIVATE KEY")));
    let locked = text(&tls.home.file("locked.pem", &block("ENCRYPTED PRIVATE KEY")));
    let other_key = text(&tls.home.file("other-key.pem", &tls.ca.leaf(&["client.example"]).key));
    let pair = |cert: &str, key: &str| Flags { cert: Some(cert.into()), key: Some(key.into()), ..Flags::default() };
    let ca = |path: &str| Flags { ca: Some(path.into()), ..Flags::default() };
    let cases: [(Flags, &[&str]); 10] = [
        (ca(&gone), &["CA", &gone, "check"]),
        (ca(&empty), &["CA", &empty, "CERTIFICATE"]),
        (ca(&bad_cert), &["CA", &bad_cert]),
        (ca(&tls.key), &["CA", &tls.key, "CERTIFICATE"]),
        (pair(&gone, &tls.key), &["certificate", &gone, "check"]),
        (pair(&tls.cert, &gone), &["key", &gone, "check"]),
        (pair(&tls.key, &tls.cert), &["certificate", &tls.key, "CERTIFICATE"]),
        (pair(&tls.cert, &bad_key), &["key", &bad_key]),
        (pair(&tls.cert, &locked), &["key", &locked, "encrypted"]),
        (pair(&tls.cert, &other_key), &["key", &other_key, &tls.cert]),
    ];
    for (flags, parts) in cases {
        let flags = Flags { server: Some("tls://127.0.0.1:1".into()), ..flags };
        let error = error_of(&tls.home.load(&flags, &[]), &["!!!!"]).await;
        assert!(matches!(error, ConnectError::BadFile { .. }), "{error:?}");
        says(&error.to_string(), parts);
    }

    for (flags, part) in [
        (Flags { cert: Some(tls.cert.clone().into()), ..Flags::default() }, "--tlskey"),
        (Flags { key: Some(tls.key.clone().into()), ..Flags::default() }, "--tlscert"),
    ] {
        says(&tls.home.try_load(&flags, &[]).unwrap_err().to_string(), &[part]);
    }
}

/// The alert that asks for a certificate comes after the client thinks that all is well; it must not get lost.
#[tokio::test]
async fn the_missing_client_certificate_is_told_every_time() {
    let tls = Setup::new();
    let server = tls.server("verify: true");
    let settings = tls.home.load(&tls.with_ca(&server), &[]);
    for _ in 0..20 {
        says(&open(&settings.connection).await.unwrap_err().to_string(), &["--tlscert"]);
    }
}
