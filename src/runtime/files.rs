//! What leaves the console for files and other programs: saved events, and texts in a pager or an editor.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::app::Viewer;
use crate::config::Env;
use crate::event::clean_line;
use crate::event::save::{self, Format};
use crate::event::table::MOST_COLUMNS;
use crate::model::Message;
use crate::model::units::count_exact;

/// Writes messages to a new file; a sentence says what became of them. A file that exists is left alone.
pub(super) fn save(
    path: &str,
    home: Option<&str>,
    format: Format,
    messages: &[Arc<Message>],
) -> Result<String, String> {
    let shown = clean_line(path).into_owned();
    let path = match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    };
    let file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!("{shown} exists already and was left as it is; choose another name"),
        io::ErrorKind::NotFound => format!("{shown} cannot be made: there is no such folder"),
        _ => format!("{shown} cannot be made: {error}"),
    })?;
    let mut out = BufWriter::new(file);
    let written = save::write(format, messages.iter().map(|m| &**m), &mut out)
        .and_then(|written| out.flush().map(|()| written))
        .map_err(|error| format!("{shown} could not be written to its end: {error}"))?;
    let left_out = match written.left_out {
        0 => String::new(),
        1 => "; 1 is no CloudEvent, or only a part of one, and was left out".to_owned(),
        n => format!("; {n} are no CloudEvents, or only parts of some, and were left out"),
    };
    let attributes = match written.attributes_left_out {
        0 => String::new(),
        1 => "; 1 attribute was left out".to_owned(),
        n => format!("; {n} attributes were left out"),
    };
    let events = if written.lines == 1 { "event" } else { "events" };
    let columns = match written.columns_left_out {
        0 => String::new(),
        count => format!(
            "; a table has columns for {MOST_COLUMNS} extensions, and {} more of them {} left out: NDJSON keeps all",
            count_exact(count as u64),
            if count == 1 { "was" } else { "were" }
        ),
    };
    Ok(format!("{} {events} saved to {shown}{left_out}{attributes}{columns}", written.lines))
}

/// Opens a text in the user's program and waits until it ends.
pub(super) fn show(with: Viewer, name: &str, text: &str, env: &Env) -> io::Result<()> {
    let safe: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let mut file = tempfile::Builder::new().prefix(&format!("{safe}-")).suffix(".json").tempfile()?;
    file.write_all(text.as_bytes())?;
    file.flush()?;
    let named = |names: &[&str]| names.iter().find_map(|name| env.get(name).filter(|v| !v.trim().is_empty()));
    let program = match with {
        Viewer::Pager => named(&["PAGER"]).unwrap_or("less"),
        Viewer::Editor => named(&["VISUAL", "EDITOR"]).unwrap_or("vi"),
    };
    // What the variable says may have arguments of its own, so a shell reads it; the file is one argument.
    let ended = Command::new("sh")
        .args(["-c", &format!("{program} \"$1\""), "sh"])
        .arg(file.path())
        .stdin(Stdio::inherit())
        .status()?;
    match ended.code() {
        Some(126 | 127) => Err(io::Error::other(format!("{} cannot be run", clean_line(program)))),
        Some(code) if code > 0 => Err(io::Error::other(format!("{} ended with code {code}", clean_line(program)))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn a_new_file_is_written_and_an_old_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_str().unwrap();
        let message = |body: &str| {
            Arc::new(Message {
                stream: "S".into(),
                seq: 1,
                time: Timestamp::from_secs(1),
                subject: "s".into(),
                headers: vec![],
                undecodable: None,
                body: body.to_owned().into(),
            })
        };
        let event = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t"}"#;
        let messages = [message(event), message("none")];
        let said = save("~/a.ndjson", Some(home), Format::Ndjson, &messages).unwrap();
        assert_eq!(said, "1 event saved to ~/a.ndjson; 1 is no CloudEvent, or only a part of one, and was left out");
        assert_eq!(std::fs::read_to_string(dir.path().join("a.ndjson")).unwrap(), format!("{event}\n"));
        let again = save("~/a.ndjson", Some(home), Format::Csv, &messages).unwrap_err();
        assert!(again.contains("exists already"), "{again}");
        let wide: String = (0..600).map(|n| format!("\"a{n}\":1,")).collect::<Vec<_>>().concat();
        let wide = [message(&event.replacen('{', &format!("{{{wide}"), 1))];
        let said = save("~/a.csv", Some(home), Format::Csv, &wide).unwrap();
        let told = "; a table has columns for 500 extensions, and 100 more of them were left out: NDJSON keeps all";
        assert_eq!(said, format!("1 event saved to ~/a.csv{told}"));
        assert!(save("~/none/a", Some(home), Format::Csv, &messages).unwrap_err().contains("no such folder"));
    }
}
