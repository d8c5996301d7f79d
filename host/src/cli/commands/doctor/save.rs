//! Raw exchanges as files: the body as `parse` reads it, with the request, the headers and the command that parses it.

use std::borrow::Cow;
use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use parking_lot::Mutex;
use serde_json::{Map, Value, json};

use crate::cli::exit::ExitStatus;
use crate::fetch::{Recorder, Recording};
use crate::types::{Query, Request, Response, header_texts};

/// Headers that say who asks, or let others ask in their name.
const SECRET_HEADERS: [&str; 4] = ["cookie", "set-cookie", "authorization", "proxy-authorization"];

/// Headers of a response that are of the body as it was sent, not as it is saved.
const OF_THE_CODING: [&str; 3] = ["content-encoding", "content-length", "transfer-encoding"];

/// A folder for exchanges.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// The first error. Exchanges continue after it.
    failed: Arc<Mutex<Option<String>>>,
}

impl Folder {
    /// Makes the folder, which only this user may read. One that is there must be empty.
    pub(super) fn create(path: &Path) -> Result<Self, ExitStatus> {
        let shown = path.display();
        match make(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let mut entries = std::fs::read_dir(path).map_err(|error| {
                    ExitStatus::config(format!("--save: failed to read the folder {shown}: {error}"))
                })?;
                if entries.next().is_some() {
                    return Err(ExitStatus::config(format!("--save: the folder {shown} is not empty: give another")));
                }
            }
            Err(error) => {
                return Err(ExitStatus::config(format!("--save: failed to make the folder {shown}: {error}")));
            }
        }
        Ok(Self { path: path.to_owned(), failed: Arc::default() })
    }

    /// A recorder of the exchanges of one query, whose files' names begin so.
    pub(super) fn recorder(&self, prefix: String, query: Query) -> Recorder {
        let (folder, next) = (self.clone(), Mutex::new(1_u32));
        Recorder::new(move |recording| {
            let mut next = next.lock();
            let name = format!("{prefix}-{next}");
            *next += 1;
            if let Err(error) = folder.write(&name, &query, recording) {
                let message = format!("--save: failed to write {}: {error}", folder.path.join(name).display());
                folder.failed().get_or_insert(message);
            }
        })
    }

    /// Whether everything is written.
    pub(super) fn finish(&self) -> Result<(), ExitStatus> {
        self.failed().take().map_or(Ok(()), |message| Err(ExitStatus::config(message)))
    }

    fn failed(&self) -> parking_lot::MutexGuard<'_, Option<String>> {
        self.failed.lock()
    }

    fn write(&self, name: &str, query: &Query, Recording { request, result }: Recording<'_>) -> io::Result<()> {
        let mut sidecar = Map::new();
        sidecar.insert("query".to_owned(), json!({"kind": query.kind(), "params": params(query)}));
        sidecar.insert("request".to_owned(), described(request));
        if let Some(body) = &request.body {
            let file = format!("{name}.request.txt");
            self.create_file(&file, body)?;
            sidecar.insert("request_body".to_owned(), file.into());
        }
        match result {
            Ok(response) => {
                let file = format!("{name}.{}", extension(response));
                self.create_file(&file, &response.body)?;
                let headers: Vec<_> = shown(&response.headers).collect();
                let received = response.received_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                sidecar.insert(
                    "response".to_owned(),
                    json!({"url": response.url, "status": response.status.as_u16(),
                    "headers": headers, "received_at": received.as_millis() as u64, "body": file}),
                );
                sidecar.insert("parse".to_owned(), command(query, response, &file).into());
            }
            Err(failure) => {
                sidecar.insert("failure".to_owned(), json!({"kind": failure.kind, "message": failure.message}));
            }
        }
        let text = serde_json::to_vec_pretty(&sidecar).map_err(io::Error::other)?;
        self.create_file(&format!("{name}.json"), &text)
    }

    /// A new file: none is overwritten.
    fn create_file(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        File::create_new(self.path.join(name))?.write_all(bytes)
    }
}

fn make(path: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are Unix's"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn params(query: &Query) -> Map<String, Value> {
    query.params().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

fn described(request: &Request) -> Value {
    json!({"method": request.method.as_str(), "url": request.url, "headers": shown(&request.headers).collect::<Vec<_>>()})
}

/// Headers without those that may hold secrets.
fn shown(headers: &HeaderMap) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    header_texts(headers).filter(|(name, _)| !SECRET_HEADERS.iter().any(|secret| secret.eq_ignore_ascii_case(name)))
}

fn extension(response: &Response) -> &'static str {
    let kind = response.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    match kind {
        Some(kind) if kind.windows(4).any(|part| part == b"html") => "html",
        // The sidecar is the .json; answers in JSON often have a prefix anyway.
        _ => "txt",
    }
}

/// The command that parses the saved body, in a shell in its folder.
fn command(query: &Query, response: &Response, file: &str) -> String {
    let kind = query.parser().map_or_else(|| query.kind().to_owned(), |parser| format!("{parser}:{}", query.kind()));
    let mut command = format!("playfast parse --kind {}", quoted(&kind));
    let mut push = |option: &str, value: &str| command.push_str(&format!(" --{option} {}", quoted(value)));
    query.params().for_each(|(name, value)| push("param", &format!("{name}={value}")));
    push("url", &response.url);
    if response.status != StatusCode::OK {
        push("status", response.status.as_str());
    }
    let headers = shown(&response.headers).filter(|(name, _)| !OF_THE_CODING.contains(name));
    headers.for_each(|(name, value)| push("header", &format!("{name}: {value}")));
    command.push_str(&format!(" {}", quoted(file)));
    command
}

/// A word of a POSIX shell.
fn quoted(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.:/=,".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    #[test]
    fn a_word_of_the_shell_is_one_whatever_is_in_it() {
        assert_eq!(quoted("app_id=com.a"), "app_id=com.a");
        assert_eq!(quoted("it's $(x)"), r"'it'\''s $(x)'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn what_says_who_asks_is_left_out() {
        let headers = ["cookie", "set-cookie", "authorization", "proxy-authorization", "location"]
            .map(|name| (HeaderName::from_static(name), HeaderValue::from_static("x")));
        let shown: Vec<_> =
            shown(&HeaderMap::from_iter(headers)).map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(shown, ["location: x"]);
    }
}
