//! Makes `assets/screenshots`: the built program on its demo in a pseudo terminal, each screen as an SVG.
//!
//! `make screenshots` runs it. What is seen is what the program wrote; nothing is drawn by hand.

use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

#[expect(dead_code, clippy::expect_used, reason = "it serves the tests too, and fails like one")]
#[path = "../tests/it/common/pty.rs"]
mod pty;

use pty::Terminal;
use unicode_width::UnicodeWidthStr;
use vt100::{Cell, Color};

const PROGRAM: &str = "target/release/jetscope";
/// Pixels of a cell.
const CELL: (f64, f64) = (8.4, 18.0);
/// The terminal's own colours, for a dark terminal.
const TEXT: &str = "#d0d4dc";
const GROUND: &str = "#16181d";
const COLOURS: [&str; 16] = [
    "#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#abb2bf", "#6b7380", "#ff7b86",
    "#b1e08d", "#ffd98a", "#7fc4ff", "#d894ed", "#6fd3de", "#ffffff",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let home = tempfile::tempdir()?;
    let program = std::env::current_dir()?.join(PROGRAM);
    let start = |size| Terminal::start(&program, home.path(), size, &["demo"], &[]);
    // Trends and charts need some time to have something to show.
    let settle = |t: &mut Terminal, seconds: u64| {
        for _ in 0..seconds * 10 {
            thread::sleep(Duration::from_millis(100));
            t.until("a screen", |_| true);
        }
    };
    let mut wide = start((150, 36));
    wide.shows("github-archive");
    settle(&mut wide, 90);
    save("streams", &wide)?;
    wide.keys("C");
    settle(&mut wide, 5);
    save("consumers", &wide)?;
    wide.keys("\r");
    settle(&mut wide, 5);
    save("consumer", &wide)?;
    wide.keys("1");
    settle(&mut wide, 2);
    wide.keys("/erp\r\r");
    settle(&mut wide, 5);
    save("stream", &wide)?;
    wide.keys(":tail eventsource-github-stream eventsource-shop-stream\r");
    settle(&mut wide, 3);
    // What stands still, with an event that its sender got wrong.
    wide.keys("!");
    settle(&mut wide, 1);
    wide.keys("\x1b[A\x1b[A");
    settle(&mut wide, 1);
    save("tail", &wide)?;
    wide.keys("\x1b");
    settle(&mut wide, 1);
    wide.keys("R");
    settle(&mut wide, 1);
    wide.keys("G\r");
    wide.shows("by type");
    settle(&mut wide, 1);
    save("replay-plan", &wide)?;
    wide.keys("q");
    wide.ended();

    let mut narrow = start((80, 24));
    narrow.shows("github-archive");
    settle(&mut narrow, 20);
    save("streams-80x24", &narrow)?;
    narrow.keys("q");
    narrow.ended();
    Ok(())
}

fn save(name: &str, terminal: &Terminal) -> std::io::Result<()> {
    std::fs::create_dir_all("assets/screenshots")?;
    std::fs::write(format!("assets/screenshots/{name}.svg"), svg(terminal.parser.screen()))
}

/// The screen as a picture: a rectangle for a run of cells with the same ground, a text for each word, stretched
/// to its columns so that every viewer's font fits.
fn svg(screen: &vt100::Screen) -> String {
    let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
    let (width, height) = (f64::from(columns) * CELL.0 + 16.0, f64::from(rows) * CELL.1 + 16.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', \
         monospace\" font-size=\"14\" xml:space=\"preserve\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{GROUND}\"/>\n"
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let Some(first) = screen.cell(row, column) else { break };
            let look = Look::of(first);
            let mut words = String::new();
            let from = column;
            while let Some(cell) = screen.cell(row, column).filter(|c| Look::of(c) == look) {
                if !cell.is_wide_continuation() {
                    words.push_str(if cell.has_contents() { cell.contents() } else { " " });
                }
                column += 1;
            }
            run(&mut out, (from, row), column - from, &words, &look);
        }
    }
    out.push_str("</svg>\n");
    out
}

#[derive(PartialEq)]
struct Look {
    text: String,
    ground: String,
    bold: bool,
    dim: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let (mut text, mut ground) = (colour(cell.fgcolor(), TEXT), colour(cell.bgcolor(), GROUND));
        if cell.inverse() {
            std::mem::swap(&mut text, &mut ground);
        }
        Self { text, ground, bold: cell.bold(), dim: cell.dim() }
    }
}

fn colour(colour: Color, default: &str) -> String {
    match colour {
        Color::Default => default.to_owned(),
        Color::Idx(n) => COLOURS.get(usize::from(n)).map_or(default, |c| c).to_owned(),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}

fn run(out: &mut String, (column, row): (u16, u16), columns: u16, words: &str, look: &Look) {
    let (x, y) = (8.0 + f64::from(column) * CELL.0, 8.0 + f64::from(row) * CELL.1);
    let width = f64::from(columns) * CELL.0;
    if look.ground != GROUND {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
            CELL.1, look.ground
        );
    }
    let bold = if look.bold { " font-weight=\"bold\"" } else { "" };
    let dim = if look.dim { " opacity=\"0.7\"" } else { "" };
    let mut at = column;
    // Each word has its own place, so that columns stay columns in every font.
    for word in words.split_inclusive(' ') {
        let shown = word.trim_end();
        let width = shown.width() as u16;
        let x = 8.0 + f64::from(at) * CELL.0;
        at += word.width() as u16;
        if shown.is_empty() {
            continue;
        }
        if shown.chars().all(|c| BLOCKS.contains(c)) {
            blocks(out, x, y, shown, &look.text);
            continue;
        }
        let escaped = shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{bold}{dim}>{escaped}</text>",
            y + CELL.1 * 0.75,
            f64::from(width) * CELL.0,
            look.text
        );
    }
}

/// Blocks of eighths, drawn as what they are: fonts leave gaps between them.
const BLOCKS: &str = "▁▂▃▄▅▆▇█";

fn blocks(out: &mut String, x: f64, y: f64, words: &str, fill: &str) {
    let mut path = String::new();
    for (i, block) in words.chars().enumerate() {
        let eighths = BLOCKS.chars().position(|b| b == block).map_or(0.0, |n| n as f64 + 1.0);
        let height = CELL.1 * eighths / 8.0;
        let (left, top) = (x + i as f64 * CELL.0, y + CELL.1 - height);
        let _ = write!(path, "M{left:.1} {top:.1}h{:.1}v{height:.1}h-{:.1}z", CELL.0, CELL.0);
    }
    let _ = writeln!(out, "<path d=\"{path}\" fill=\"{fill}\"/>");
}
