//! What the binary says of itself: help, errors, completions, manual pages, configuration, version.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::Ran;

/// Runs the binary on 80 columns, with these variables and no others that it reads.
fn playfast_with(variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_playfast"));
    let names = std::env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| name.to_string_lossy().starts_with("PLAYFAST_")) {
        command.env_remove(name);
    }
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.env("COLUMNS", "80").env("XDG_CONFIG_HOME", home.path()).envs(variables.iter().copied());
    Ran(command.args(arguments).stdin(Stdio::null()).output().unwrap())
}

fn playfast(arguments: &[&str]) -> Ran {
    playfast_with(&[], arguments)
}

/// What a command prints, which must succeed in silence.
fn shown(arguments: &[&str]) -> String {
    let ran = playfast(arguments);
    assert_eq!((ran.code(), ran.stderr().as_str()), (0, ""), "{arguments:?}");
    ran.stdout()
}

/// What is said of a command line that is refused.
fn refused(arguments: &[&str]) -> String {
    let ran = playfast(arguments);
    assert_eq!((ran.code(), ran.stdout().as_str()), (2, ""), "{arguments:?}");
    ran.stderr()
}

fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or_default()
}

#[test]
fn the_short_help_is_a_screen() {
    let help = shown(&["-h"]);
    assert!(help.lines().count() <= 56 && widest(&help) <= 80, "{help}");
    assert_eq!(shown(&[]), help);
    assert_eq!(shown(&["help"]), help);
    insta::assert_snapshot!(help);
}

#[test]
fn the_long_help_has_everything_in_groups() {
    let help = shown(&["--help"]);
    assert!(widest(&help) <= 80, "{help}");
    insta::assert_snapshot!(help);
}

#[test]
fn a_kinds_short_help_has_its_parameters_and_an_example() {
    for kind in ["list", "app"] {
        let help = shown(&[kind, "-h"]);
        assert!(help.lines().count() <= 45 && widest(&help) <= 80, "{help}");
    }
    insta::assert_snapshot!(shown(&["list", "-h"]));
}

#[test]
fn a_kinds_long_help_has_its_choices_and_fields() {
    let help = shown(&["app", "--help"]);
    for part in
        ["Values of --country", " us ", "Fields of a row", "developer", "Examples:", "playfast app com.spotify.music"]
    {
        assert!(help.contains(part), "{part:?} is not in {help}");
    }
    assert!(widest(&help) <= 80, "{help}");
    assert_eq!(shown(&["help", "app"]), help);
    assert_eq!(shown(&["help", "play:app"]), help);
}

#[test]
fn every_command_has_help_of_its_own() {
    let help = shown(&["-h"]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    for command in commands.filter_map(|line| line.split_whitespace().next()) {
        for arguments in [[command, "-h"], [command, "--help"], ["help", command]] {
            let help = shown(&arguments);
            assert!(help.contains(&format!("Usage: playfast {command}")), "{help}");
            assert!(widest(&help) <= 80, "{help}");
        }
    }
}

#[test]
fn a_command_shows_only_the_options_that_it_uses() {
    let help = shown(&["inspect", "--help"]);
    assert!(help.contains("--parser ") && !help.contains("--format") && !help.contains("--proxy"), "{help}");
}

#[test]
fn topics_are_explained() {
    for topic in ["failures", "pace", "resume", "parsers"] {
        let text = shown(&["help", topic]);
        assert!(text.lines().count() <= 24 && widest(&text) <= 80, "{text}");
        insta::assert_snapshot!(format!("topic_{topic}"), text);
    }
}

#[test]
fn what_is_refused_is_said_with_the_cure_on_one_line() {
    let cases: [&[&str]; 20] = [
        &["lst"],
        &["xyz"],
        &["list", "--contry", "us"],
        &["list", "--xyzzy"],
        &["list", "us"],
        &["list", "--format", "xml"],
        &["list", "--format"],
        &["list", "--rate", "fast"],
        &["list", "--concurrency", "0"],
        &["list", "--limit", "0"],
        &["list", "--timeout", "soon"],
        &["list", "--resume", "--overwrite"],
        &["list", "--quiet=3"],
        &["inspect", "--format", "csv"],
        &["run"],
        &["help", "pac"],
        &["help", "everything"],
        &["completions", "csh"],
        &["man", "lsit"],
        &["-q"],
    ];
    let said: Vec<_> = cases
        .iter()
        .map(|arguments| {
            let said = refused(arguments);
            assert!(said.starts_with("playfast: ") && said.lines().count() == 1, "{said}");
            format!("$ playfast {}\n{said}", arguments.join(" "))
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

/// Regular expressions are for programs.
#[test]
fn nothing_that_is_said_holds_a_pattern() {
    let help = [shown(&["--help"]), shown(&["list", "--help"]), shown(&["app", "--help"]), shown(&["inspect"])];
    let errors = [
        &["list", "--rate=x"][..],
        &["list", "--fields=,"],
        &["list", "--parser-digest=x"],
        &["list", "--connect-to=x"],
    ];
    let said = help.into_iter().chain(errors.iter().map(|arguments| refused(arguments)));
    for text in said {
        assert!(!text.contains("^[") && !text.contains("does not match"), "{text}");
    }
}

#[test]
fn help_works_whatever_the_configuration_says() {
    let variables = [("PLAYFAST_RATE", "fast"), ("PLAYFAST_PARSER", "/nowhere.wasm")];
    for arguments in [
        &["-h"][..],
        &[],
        &["help", "pace"],
        &["help", "run"],
        &["--version"],
        &["-Vv"],
        &["completions", "fish"],
        &["man"],
    ] {
        let ran = playfast_with(&variables, arguments);
        assert_eq!(ran.code(), 0, "{arguments:?}: {}", ran.stderr());
        assert!(!ran.stdout().is_empty());
        assert!(ran.stderr().starts_with("playfast: PLAYFAST_RATE: \"fast\" is not a rate: give "), "{}", ran.stderr());
    }
    let ran = playfast_with(&variables[..1], &["config"]);
    assert!(ran.code() == 2 && ran.stdout().contains("rate "), "the settings are shown: {}", ran.stderr());
    assert!(ran.stderr().starts_with("playfast: PLAYFAST_RATE: "), "{}", ran.stderr());
    let ran = playfast_with(&variables[..1], &["inspect"]);
    assert_eq!((ran.code(), ran.stderr().as_str()), (0, ""), "it has no rate");
    playfast_with(&variables[..1], &["list"]).refused(2, "PLAYFAST_RATE");
    playfast_with(&[("PLAYFAST_QUIET", "maybe")], &["list"])
        .refused(2, "PLAYFAST_QUIET can't be \"maybe\": give true or false");
}

#[test]
fn a_broken_file_is_said_and_help_works() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    for (text, part) in [
        ("rate = \nx", "it is not TOML at line "),
        ("raet = 5", "there is no option raet: did you mean rate?"),
        ("format = \"xml\"", "format can't be \"xml\": give ndjson, json, csv or table"),
    ] {
        std::fs::write(file.path(), text).unwrap();
        let help = playfast(&["-h", "--config", path]);
        // What follows -h isn't read by clap, but the file is.
        assert_eq!(help.code(), 0);
        assert!(help.stderr().contains(part) && help.stderr().lines().count() == 1, "{}", help.stderr());
        playfast(&["list", "--config", path]).refused(2, part);
    }
    playfast(&["list", "--config", "/nowhere.toml"]).refused(2, "/nowhere.toml: failed to read the configuration");
}

#[test]
fn the_settings_are_shown_with_what_sets_them_and_without_secrets() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "retries = 3\nallow-host = [\"a.example\", \"b.example\"]\nquiet = true\n").unwrap();
    let variables = [("PLAYFAST_PROXY", "http://me:secret@host:80"), ("PLAYFAST_COOKIE", "SID=secret")];
    let arguments = ["config", "--config", file.path().to_str().unwrap()];
    let ran = playfast_with(&variables, &arguments);
    let text = ran.stdout();
    let line = |name: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(&format!("{name} "))).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    for (name, shown) in [
        ("retries", "3 file"),
        ("allow-host", "a.example, b.example file"),
        ("quiet", "true file"),
        ("proxy", "http://me:***@host:80 environment PLAYFAST_PROXY"),
        ("cookie", "SID=*** environment PLAYFAST_COOKIE"),
        ("timeout", "30s default"),
    ] {
        assert_eq!(line(name), shown);
    }
    assert!(!text.contains("secret") && text.contains(file.path().to_str().unwrap()), "{text}");
    let json = playfast_with(&variables, &[&arguments[..], &["--json"]].concat()).stdout();
    let document: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(document["options"]["retries"]["value"], "3");
    assert_eq!(document["options"]["retries"]["source"], "file");
    assert!(!json.contains("secret"));
}

#[test]
fn an_example_of_the_configuration_is_printed() {
    insta::assert_snapshot!(shown(&["config", "--example"]));
}

#[test]
fn what_is_typed_wins_over_what_is_set() {
    let ran = playfast_with(&[("PLAYFAST_PARSERS", "/nowhere")], &["inspect", "--parser", "/elsewhere.wasm"]);
    ran.refused(2, "/elsewhere.wasm");
}

#[test]
fn the_version_tells_what_it_is_built_of() {
    assert_eq!(shown(&["--version"]), format!("playfast {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(shown(&["-V"]), shown(&["--version"]));
    let details = shown(&["--version", "-v"]);
    assert_eq!(shown(&["-Vv"]), details);
    let digest = serde_json::from_str::<Value>(&shown(&["inspect", "--json"])).unwrap()["digest"].clone();
    for part in
        ["commit ", "features  cli, db, demo, output, parquet, play", "wasmtime  ", "rustc ", digest.as_str().unwrap()]
    {
        assert!(details.contains(part), "{part:?} is not in {details}");
    }
}

#[test]
fn colours_are_as_they_are_wanted() {
    let is_colored = |variables: &[(&str, &str)], arguments: &[&str]| {
        playfast_with(variables, &[arguments, &["-h"]].concat()).stdout().contains('\u{1b}')
    };
    assert!(!is_colored(&[], &[]));
    assert!(is_colored(&[], &["--color=always"]));
    assert!(is_colored(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(is_colored(&[("PLAYFAST_COLOR", "always")], &[]));
    assert!(!is_colored(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(!is_colored(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
    assert!(is_colored(&[("NO_COLOR", "1")], &["--color", "always"]));
}

/// What bash offers for the last of the words.
fn offered(script: &Path, words: &[&str]) -> String {
    let last = words.len() - 1;
    let bash = format!(
        "source {}; COMP_WORDS=({}); COMP_CWORD={last}; _playfast_lists playfast \"${{COMP_WORDS[{last}]}}\" \
         \"${{COMP_WORDS[{}]}}\"; echo \"${{COMPREPLY[*]}}\"",
        script.display(),
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        last - 1,
    );
    let ran = Command::new("bash").arg("-c").arg(bash).output().unwrap();
    assert!(ran.stderr.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

#[test]
fn bash_completes_commands_options_and_values() {
    if Command::new("bash").arg("--version").output().is_err() {
        eprintln!("skipped: there is no bash");
        return;
    }
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(script.path(), shown(&["completions", "bash"])).unwrap();
    for (words, offers) in [
        (&["playfast", "li"][..], "list"),
        (&["playfast", "list", "--cou"], "--country"),
        (&["playfast", "list", "--country", "k"], "ke kg kh ki km kn kp kr kw ky kz"),
        (&["playfast", "list", "--country", "us,kr,j"], "us,kr,je us,kr,jm us,kr,jo us,kr,jp"),
        (&["playfast", "list", "--category", "GAME_A"], "GAME_ACTION GAME_ADVENTURE GAME_ARCADE"),
        (&["playfast", "list", "--category", "all"], "all-apps all-games"),
        (&["playfast", "app", "--fields", "app_id,tit"], "app_id,title"),
        (
            &["playfast", "run", "--kind", ""],
            "list app reviews search availability suggest similar developer permissions datasafety",
        ),
        (&["playfast", "help", "pa"], "pace parsers parse"),
        (&["playfast", "inspect", "--form"], ""),
    ] {
        assert_eq!(offered(script.path(), words), offers, "{words:?}");
    }
}

#[test]
fn each_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = shown(&["completions", shell]);
        for part in ["playfast", "country", "topselling_free"] {
            // Elvish and PowerShell complete no values.
            assert!(script.contains(part) || part == "topselling_free", "{shell}: {part}");
        }
    }
}

#[test]
fn the_manual_page_is_a_page() {
    let page = shown(&["man"]);
    for part in [".TH PLAYFAST 1", ".SH NAME", ".SH COMMANDS", "\\-\\-country", ".SH FAILURES", ".SH ENVIRONMENT"] {
        assert!(page.contains(part), "{part:?} is not in the page");
    }
    assert!(
        shown(&["man", "list"]).contains(".TH PLAYFAST\\-LIST 1")
            || shown(&["man", "list"]).contains(".TH PLAYFAST-LIST 1")
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), page).unwrap();
    let Ok(groff) = Command::new("groff").args(["-man", "-Tutf8", "-ww", "-z"]).arg(file.path()).output() else {
        eprintln!("skipped: there is no groff");
        return;
    };
    assert!(groff.status.success() && groff.stderr.is_empty(), "{}", String::from_utf8_lossy(&groff.stderr));
}

#[test]
fn the_fields_of_a_parser_are_named() {
    let text = shown(&["inspect"]);
    for part in ["Fields (", "  title ", "Title", "Parameters (", "required"] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}
