//! Parquet files, as other programs read them.

use std::process::Command;

use playfast_sim::{FaultKind, Faults, StoreConfig};

use crate::support::{Folder, Ran, Shop, playfast};

/// What a program in Python says, if its modules are there.
#[expect(clippy::print_stdout, reason = "a test says that it skipped")]
fn python(module: &str, program: &str) -> Option<String> {
    let python = std::env::var("PLAYFAST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_module = Command::new(&python).args(["-c", &format!("import {module}")]).output();
    if !has_module.is_ok_and(|output| output.status.success()) {
        println!("skipped: {python} has no module {module}");
        return None;
    }
    let ran = Ran(Command::new(python).args(["-c", program]).output().unwrap());
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    Some(ran.stdout())
}

/// Charts of two countries, as a run and as an export write them.
fn files(folder: &Folder) -> [String; 2] {
    let shop = Shop::open(StoreConfig::default());
    let [rows, database, exported] = ["rows.parquet", "market.db", "exported.parquet"].map(|name| folder.name(name));
    for output in [&rows, &database] {
        let ran = shop.playfast(&["list", "--country", "us,kr", "--num", "10", "--ordered", "-o", output]);
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
    }
    let ran = playfast(&["db", "export", &database, "-o", &exported]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    assert!(!folder.path("rows.parquet.partial").exists());
    [rows, exported]
}

#[test]
fn duckdb_reads_typed_columns() {
    let folder = Folder::empty();
    for file in files(&folder) {
        let sql = "SELECT country, count(*), sum(position), typeof(max(score)), typeof(max(position)), count(screenshots) \
            FROM read_parquet(?) GROUP BY country ORDER BY country";
        let program = format!("import duckdb\nprint(duckdb.execute('''{sql}''', ['{file}']).fetchall())");
        let Some(read) = python("duckdb", &program) else { return };
        let expected = "[('kr', 10, 55, 'DOUBLE', 'BIGINT', 10), ('us', 10, 55, 'DOUBLE', 'BIGINT', 10)]";
        assert_eq!(read.trim().replace("Decimal('55')", "55"), expected, "{file}");
    }
}

#[test]
fn pyarrow_reads_typed_columns() {
    let folder = Folder::empty();
    for file in files(&folder) {
        let program = format!(
            "import pyarrow.parquet as parquet\ntable = parquet.read_table('{file}')\n\
            print(table.num_rows, [str(table.schema.field(name).type) for name in ('app_id', 'position', 'num', 'score', 'price')])"
        );
        let Some(read) = python("pyarrow", &program) else { return };
        assert_eq!(read.trim(), "20 ['string', 'int64', 'int64', 'double', 'double']", "{file}");
    }
}

#[test]
fn a_file_is_replaced_only_by_a_whole_one() {
    let shop = Shop::open(StoreConfig::default());
    let folder = Folder::empty();
    let file = folder.write("rows.parquet", "precious");
    shop.store.set_faults(Faults::none().with(FaultKind::Unavailable, 1.0));
    assert_eq!(shop.playfast(&["list", "-o", &file]).code(), 3);
    assert_eq!(folder.read("rows.parquet"), "precious");
    for (option, part) in [
        ("--resume", "--resume is not for a Parquet file"),
        ("--sort=title", "--sort is not for a Parquet file"),
        ("--source", "--source is not for a Parquet file"),
    ] {
        shop.playfast(&["list", "-o", &file, option]).refused(2, part);
    }
    shop.store.set_faults(Faults::none());
    assert_eq!(shop.playfast(&["list", "-o", &file]).code(), 0);
    assert!(std::fs::read(&file).unwrap().starts_with(b"PAR1"));
}
