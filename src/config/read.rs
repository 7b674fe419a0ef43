//! Reading a file that somebody named: only a file, and only so much of it. A pipe would be waited for and a device
//! would never end.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// What credentials, certificates, contexts and the configuration may have, in bytes.
pub const SMALL: u64 = 1 << 20;
/// What is written by jetscope itself, such as plans, may have, in bytes.
pub const LARGE: u64 = 256 << 20;

/// The bytes of a file that has at most so many.
pub fn bytes(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let mut out = Vec::with_capacity(usize::try_from(file.metadata()?.len().min(most)).unwrap_or(0));
    file.take(most.saturating_add(1)).read_to_end(&mut out)?;
    if out.len() as u64 > most {
        return Err(io::Error::other(format!("it has more than {}", crate::model::units::bytes(most))));
    }
    Ok(out)
}

/// Opens a file to be read, and nothing else.
pub fn open(path: &Path) -> io::Result<File> {
    // Before it is opened, since opening a pipe waits for its writer; and again, since it may be another one by then.
    is_file(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    is_file(&file.metadata()?)?;
    Ok(file)
}

/// The text of a file of at most [`SMALL`] bytes.
pub fn text(path: &Path) -> io::Result<String> {
    String::from_utf8(bytes(path, SMALL)?).map_err(|_| io::Error::other("it is no text (not UTF-8)"))
}

fn is_file(metadata: &fs::Metadata) -> io::Result<()> {
    match metadata.is_file() {
        true => Ok(()),
        false if metadata.is_dir() => Err(io::Error::other("it is a directory, not a file")),
        false => Err(io::Error::other("it is a device or a pipe, not a file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_read_and_only_so_much() {
        let dir = tempfile::tempdir().unwrap();
        let said = |path: &Path, most: u64| bytes(path, most).map_err(|e| e.to_string());
        let path = dir.path().join("x");
        fs::write(&path, "1234").unwrap();
        assert_eq!(said(&path, 4), Ok(b"1234".to_vec()));
        assert!(said(&path, 3).unwrap_err().contains("more than"));
        assert!(said(Path::new("/dev/zero"), 4).unwrap_err().contains("device"));
        assert!(said(dir.path(), 4).unwrap_err().contains("directory"));
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(said(&pipe, 4).unwrap_err().contains("pipe"), "it does not wait for a writer");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        assert!(said(&link, 4).is_err());
        assert_eq!(bytes(&dir.path().join("none"), 4).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
