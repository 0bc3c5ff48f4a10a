//! The table as a text: one row a line, five cells between bars.

use std::fmt::Write as _;

const TEXT: &str = include_str!("table.txt");
/// The page for readers, which sets other verifiers beside it.
const PAGE: &str = include_str!("../../../docs/judgement.md");

/// One row, as it is wanted or as it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) strict: String,
    pub(crate) libvirt: String,
    pub(crate) exact: String,
    /// What is odd, and who decides what is said of it.
    pub(crate) why: String,
}

impl Line {
    fn cells(&self) -> [(&'static str, &str); 3] {
        [("strict", &self.strict), ("libvirt", &self.libvirt), ("exact", &self.exact)]
    }
}

/// The rows that are wanted.
pub(crate) fn read() -> Vec<Line> {
    let is_row = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let row = |line: &str| {
        let cells: Vec<&str> = line.splitn(5, '|').map(str::trim).collect();
        let [name, strict, libvirt, exact, why] = cells[..] else {
            panic!("a row of the table has not five cells: {line}");
        };
        assert!(!why.is_empty(), "{name} does not say why");
        let [name, strict, libvirt, exact, why] =
            [name, strict, libvirt, exact, why].map(str::to_owned);
        Line { name, strict, libvirt, exact, why }
    };
    TEXT.lines().filter(is_row).map(row).collect()
}

/// What the page for readers has of the rows that begin with a name, in the order of the table:
/// name, oddness, STRICT and LIBVIRT.
pub(crate) fn page() -> Vec<[String; 4]> {
    let plain = |cell: &str| match cell.trim().replace("\\*", "*").as_str() {
        "ok" => "authority".to_owned(),
        cell => cell.trim_matches('`').to_owned(),
    };
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let cells: Vec<&str> = line.split('|').skip(1).collect();
        [cells[0], cells[1], cells[2], cells[3]].map(plain)
    })
    .collect()
}

/// The differences, a few lines for each row; empty if the tables are the same.
pub(crate) fn difference(wanted: &[Line], told: &[Line]) -> String {
    let mut out = String::new();
    for want in wanted {
        let Some(got) = told.iter().find(|got| got.name == want.name) else {
            writeln!(out, "- {}: no such certificate is made", want.name).unwrap();
            continue;
        };
        for ((column, want_cell), (_, got_cell)) in want.cells().into_iter().zip(got.cells()) {
            if want_cell != got_cell {
                writeln!(out, "{} ({})", want.name, want.why).unwrap();
                writeln!(out, "  - {column}: {want_cell}\n  + {column}: {got_cell}").unwrap();
            }
        }
    }
    for got in told {
        if !wanted.iter().any(|want| want.name == got.name) {
            let [(_, strict), (_, libvirt), (_, exact)] = got.cells();
            let name = &got.name;
            writeln!(out, "+ {name:37} | {strict} | {libvirt} | {exact} | not in the table")
                .unwrap();
        }
    }
    let order = |lines: &[Line]| lines.iter().map(|line| line.name.clone()).collect::<Vec<_>>();
    if out.is_empty() && order(wanted) != order(told) {
        out.push_str("the rows stand in another order, or one stands twice\n");
    }
    out
}
