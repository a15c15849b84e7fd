//! docs/reference/changes.md as data.

/// A row of the page.
pub struct Row {
    /// The field, as a dotted path.
    pub field: String,
    /// What becomes of a change, in the page's words.
    pub kinds: Vec<String>,
}

/// The words that the page explains and its rows use.
pub const KINDS: &[&str] = &["updated", "replaced", "refused", "made", "removed", "nothing", "new deployment"];

/// All rows of the page, in order.
pub fn page() -> Vec<Row> {
    let text = std::fs::read_to_string(super::root().join("docs/reference/changes.md")).unwrap_or_default();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let field = cells.next()?.strip_suffix('`')?.to_owned();
        let kinds = cells.next()?.split(", ").map(str::to_owned).collect();
        field.contains('.').then_some(Row { field, kinds })
    };
    text.lines().filter_map(row).collect()
}
