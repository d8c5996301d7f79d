//! Views of a database: a table of rows for each kind, with a column for each parameter and field.

use rusqlite::{Connection, OptionalExtension};
use serde_json::{Map, Value};

use super::json_path;
use crate::parser::Kind;

/// Columns of a view. SQLite allows 2,000; a description may name more.
const MAX_COLUMNS: usize = 1000;

/// Names of tables, which no view takes.
const TABLES: [&str; 7] = ["parser", "kind", "run", "query", "record", "text", "row"];

/// Stores a kind's description, with the fields that only an older one had, and makes its view again if it is new.
///
/// # Errors
/// Those of SQLite.
pub(super) fn store_kind(connection: &Connection, parser: &str, kind: &Kind) -> rusqlite::Result<()> {
    let stored = stored_kind(connection, parser, &kind.name)?;
    let mut kind = kind.clone();
    if let Some(stored) = &stored {
        add_former_fields(&mut kind, stored);
        if kind == *stored {
            return Ok(());
        }
    }
    let view = view_name(connection, parser, &kind.name)?;
    let description = serde_json::to_string(&kind).unwrap_or_default();
    connection.execute(
        "INSERT INTO kind (parser, name, view, description) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (parser, name) DO UPDATE SET description = excluded.description",
        (parser, &kind.name, &view, description),
    )?;
    create_view(connection, parser, &kind, &view)
}

/// A kind as it was last described; `None` if it wasn't.
pub(super) fn stored_kind(connection: &Connection, parser: &str, name: &str) -> rusqlite::Result<Option<Kind>> {
    let mut find = connection.prepare_cached("SELECT description FROM kind WHERE parser = ?1 AND name = ?2")?;
    let mut rows = find.query((parser, name))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(serde_json::from_str(&row.get::<_, String>(0)?).ok())
}

/// Adds the fields of a former description that a kind lacks: rows with them are there.
fn add_former_fields(kind: &mut Kind, former: &Kind) {
    let Some(former) = former.record.get("properties").and_then(Value::as_object) else { return };
    let Some(record) = kind.record.as_object_mut() else { return };
    let properties = record.entry("properties").or_insert_with(|| Map::new().into());
    let Some(properties) = properties.as_object_mut() else { return };
    for (name, schema) in former {
        properties.entry(name.clone()).or_insert_with(|| schema.clone());
    }
}

fn create_view(connection: &Connection, parser: &str, kind: &Kind, name: &str) -> rusqlite::Result<()> {
    let columns = columns(kind).join(",\n    ");
    let name = identifier(name);
    connection.execute_batch(&format!(
        "DROP VIEW IF EXISTS {name};
CREATE VIEW {name} AS SELECT
    {columns}
FROM row
JOIN query ON query.id = row.query
JOIN record ON record.id = row.record
JOIN parser ON parser.id = query.parser
WHERE query.kind = {kind} AND parser.name = {parser}",
        kind = literal(&kind.name),
        parser = literal(parser)
    ))
}

/// A kind's name, or `parser:kind` if a table or another parser's kind has that.
fn view_name(connection: &Connection, parser: &str, kind: &str) -> rusqlite::Result<String> {
    let mut find = connection.prepare_cached("SELECT parser FROM kind WHERE view = ?1")?;
    let owner: Option<String> = find.query_row([kind], |row| row.get(0)).optional()?;
    let is_taken = TABLES.contains(&kind) || owner.is_some_and(|owner| owner != parser);
    Ok(if is_taken { format!("{parser}:{kind}") } else { kind.to_owned() })
}

/// The columns of a kind's view.
fn columns(kind: &Kind) -> Vec<String> {
    let fields: Vec<_> = kind.fields().filter(|name| is_column(name)).collect();
    let params = kind.params.properties.iter().map(|(name, _)| name.as_str());
    let params = params.filter(|name| !fields.contains(name)).map(|name| column(&extract("query.params", name), name));
    let record = fields.iter().map(|name| column(&field(kind, name), name));
    let position = (!fields.contains(&"position")).then(|| "row.position".to_owned());
    let fetched_at = "strftime('%Y-%m-%dT%H:%M:%SZ', row.fetched_at, 'unixepoch')";
    let fetched_at = (!fields.contains(&"fetched_at")).then(|| column(fetched_at, "fetched_at"));
    let run = (!fields.contains(&"run")).then(|| "query.run".to_owned());
    let columns = run.into_iter().chain(params).chain(position).chain(record);
    columns.take(MAX_COLUMNS).chain(fetched_at).collect()
}

/// A field's value. A record doesn't repeat what its query has as a parameter.
fn field(kind: &Kind, name: &str) -> String {
    let value = stored_field(kind, name);
    if kind.params.get(name).is_none() {
        return value;
    }
    format!("coalesce({value}, {})", extract("query.params", name))
}

fn stored_field(kind: &Kind, name: &str) -> String {
    if kind.noisy().iter().any(|noisy| noisy == name) {
        return extract("row.noisy", name);
    }
    let value = extract("record.fields", name);
    if !may_be_long(kind, name) {
        return value;
    }
    let long = "SELECT text.text FROM record_text JOIN text ON text.id = record_text.text WHERE record_text.record = record.id";
    format!("coalesce({value}, ({long} AND record_text.field = {}))", literal(name))
}

/// Whether values of a field may be stored apart: all but numbers and booleans.
fn may_be_long(kind: &Kind, name: &str) -> bool {
    let types = kind.record.get("properties").and_then(|fields| fields.get(name)?.get("type"));
    let is_short = |name: &Value| matches!(name.as_str(), Some("integer" | "number" | "boolean" | "null"));
    match types {
        Some(Value::Array(types)) => !types.iter().all(is_short),
        Some(name) => !is_short(name),
        None => true,
    }
}

/// Whether a name can be in a path of SQLite's JSON functions.
fn is_column(name: &str) -> bool {
    !name.is_empty() && !name.contains(['"', '\0'])
}

fn extract(json: &str, name: &str) -> String {
    format!("json_extract({json}, {})", literal(&json_path(name)))
}

fn column(value: &str, name: &str) -> String {
    format!("{value} AS {}", identifier(name))
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::database::tests_support::{kind, memory};

    fn views(connection: &Connection) -> Vec<String> {
        let mut names = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name").unwrap();
        names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_kind_has_a_view_of_its_name() {
        let connection = memory();
        for _ in 0..2 {
            store_kind(&connection, "play", &kind()).unwrap();
        }
        let mut other = kind();
        other.name = "row".to_owned();
        store_kind(&connection, "play", &other).unwrap();
        store_kind(&connection, "rival", &kind()).unwrap();
        assert_eq!(views(&connection), ["list", "play:row", "rival:list"]);
        let mut columns = connection.prepare("SELECT * FROM list").unwrap();
        assert!(columns.query([]).unwrap().next().unwrap().is_none());
        assert_eq!(
            connection.prepare("SELECT * FROM list").unwrap().column_names(),
            ["run", "country", "position", "app_id", "title", "score", "description", "screenshots", "fetched_at"]
        );
    }

    #[test]
    fn fields_that_only_an_older_parser_had_keep_their_column() {
        let connection = memory();
        store_kind(&connection, "play", &kind()).unwrap();
        let mut newer = kind();
        newer.record = serde_json::json!({"type": "object", "properties": {"app_id": {"type": "string"}, "price": {"type": "number"}}});
        store_kind(&connection, "play", &newer).unwrap();
        connection.prepare("SELECT app_id, price, title FROM list").unwrap();
    }

    #[test]
    fn names_of_a_hostile_description_do_no_harm() {
        let connection = memory();
        let mut hostile = kind();
        hostile.record = serde_json::json!({"type": "object", "properties": {
            "a'); DROP TABLE row; --": {"type": "string"}, "b\"c": {"type": "string"}, "": {}, "run": {}, "RUN": {}}});
        store_kind(&connection, "it's", &hostile).unwrap();
        connection.prepare("SELECT * FROM list, row").unwrap();
    }
}
