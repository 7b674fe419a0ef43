//! The manual page: one for all commands, since nobody installs a page a command beside a single program.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::args::Cli;

/// The page, in roff.
pub(super) fn page() -> io::Result<String> {
    let man = Man::new(Cli::command());
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    writeln!(out, ".SH COMMANDS")?;
    for command in Cli::command().get_subcommands() {
        section(&mut out, "jetscope", command)?;
    }
    writeln!(out, ".SH NOTES")?;
    body(&mut out, |w| man.render_extra_section(w))?;
    man.render_version_section(&mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// A command with what belongs to it alone, and the commands in it.
fn section(out: &mut Vec<u8>, before: &str, command: &Command) -> io::Result<()> {
    let name = format!("{before} {}", command.get_name());
    writeln!(out, ".SS {name}")?;
    let man = Man::new(command.clone());
    body(out, |w| man.render_description_section(w))?;
    let usage = command.clone().bin_name(&name).render_usage().to_string();
    for (i, line) in usage.trim_start_matches("Usage:").lines().enumerate() {
        writeln!(out, "{}\n{}", if i == 0 { ".PP" } else { ".br" }, line.trim().replace('-', "\\-"))?;
    }
    body(out, |w| man.render_options_section(w))?;
    if command.get_after_help().is_some() {
        writeln!(out, ".PP")?;
        body(out, |w| man.render_extra_section(w))?;
    }
    command.get_subcommands().try_for_each(|inner| section(out, &name, inner))
}

/// What a section says, without its heading and without what stands at the beginning of a page.
fn body(out: &mut Vec<u8>, render: impl Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut part = Vec::new();
    render(&mut part)?;
    for line in String::from_utf8_lossy(&part).lines() {
        if ![".SH ", ".ie ", ".el "].iter().any(|head| line.starts_with(head)) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(command: &Command, before: &str, see: &mut impl FnMut(&str, &Command)) {
        let name = format!("{before} {}", command.get_name());
        see(name.trim(), command);
        command.get_subcommands().for_each(|inner| each(inner, &name, see));
    }

    #[test]
    fn every_command_and_every_option_is_in_the_manual() {
        let page = page().expect("a page");
        let mut seen = 0;
        each(&Cli::command(), "", &mut |name, command| {
            assert!(name == "jetscope" || page.contains(&format!("\n.SS {name}\n")), "{name}");
            for option in command.get_arguments().filter_map(|arg| arg.get_long()) {
                seen += 1;
                assert!(page.contains(&format!("\\-\\-{}\\fR", option.replace('-', "\\-"))), "{name} --{option}");
            }
        });
        assert!(seen > 50, "{seen}");
        assert!(!page.contains("(1)"), "no other page is there to be referred to");
        assert!(page.contains("docs/findings.md has all names"), "what stands below the help of a command");
    }
}
