//! The table of incidents names tests that exist, and no line of it is without one.

use std::collections::BTreeSet;

use crate::Workspace;
use crate::workspace::files;

/// Lines of `docs/INCIDENTS.md` without a test, and names of tests that no file has.
#[must_use]
pub fn incident_violations(workspace: &Workspace) -> Vec<String> {
    let table = workspace.root.join("docs/INCIDENTS.md");
    let Ok(text) = std::fs::read_to_string(&table) else {
        return vec![format!("{} cannot be read", table.display())];
    };
    let known = functions(workspace);
    let mut found = Vec::new();
    for line in
        text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")).skip_while(is_head)
    {
        if is_head(&line) {
            continue;
        }
        let shown_by = line.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let named: Vec<_> = shown_by.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            found.push(format!("no test shows: {line}"));
        }
        found.extend(
            named
                .iter()
                .filter(|name| !known.contains(**name))
                .map(|name| format!("no test is called {name}")),
        );
    }
    found
}

fn is_head(line: &&str) -> bool {
    line.starts_with("| What happened |")
}

/// Names of all functions in the sources.
fn functions(workspace: &Workspace) -> BTreeSet<String> {
    ["crates", "apps", "tests"]
        .iter()
        .flat_map(|dir| files(&workspace.root.join(dir), "rs"))
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .flat_map(|text| {
            text.split("fn ")
                .skip(1)
                .filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}
