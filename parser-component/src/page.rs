//! Data blocks of a page, those that answer an rpc first.
//!
//! A page's scripts call `AF_initDataCallback({key: 'ds:N', …, data:[…], …})`, and `AF_dataServiceRequests` says which rpc each key answers.
//! Keys change from page to page, and trimmed pages lack the requests. So these are only a hint: all blocks are returned, the named ones first,
//! and their reader decides what they hold. Blocks are skipped as a whole: text inside a block's data is never taken for a block.

use playfast_guest::json::{Kind, Nesting, ReadError, Reader};

/// Common prefix of the names. Only its underscore is searched for, which is one byte of 750 in such pages: in the sandbox a search for one
/// byte is four times as fast as one for a text.
const NAME_PREFIX: &[u8] = b"AF_";
/// Rest of the name of the requests.
const REQUESTS_NAME: &[u8] = b"dataServiceRequests";
/// Rest of the name of a block's callback.
const CALLBACK_NAME: &[u8] = b"initDataCallback";

/// Bytes from a block's start within which its key and data start.
const MAX_HEAD_BYTES: usize = 200;

/// Blocks without an end that are skipped. Each costs a walk to the end of the body.
const MAX_ENDLESS_BLOCKS: usize = 8;

/// Objects of requests that are read if the ones before name no block. Each may cost a walk to the end of the body.
const MAX_REQUEST_OBJECTS: usize = 8;

/// Calls that are kept of an rpc. A page makes at most three.
const MAX_CALLS: usize = 64;

/// The blocks of a page in its order, those that the page says answer the rpc before the others.
pub(crate) struct Blocks<'a> {
    body: &'a [u8],
    rpc: &'a str,
    /// The page's own calls of the rpc, once the requests were found or looked for.
    calls: Option<Vec<OwnCall<'a>>>,
    /// How many objects of requests were read.
    requests: usize,
    at: usize,
    endless: usize,
    /// Where the data of the other blocks starts, and how many of them were given.
    others: Vec<usize>,
    given: usize,
}

/// A call that the page makes itself.
struct OwnCall<'a> {
    /// The key of the block that answers it.
    key: &'a [u8],
    /// Its argument, with what follows on the page.
    argument: Option<&'a [u8]>,
}

/// Section of a page.
enum Section {
    /// The object of requests.
    Requests,
    /// The object of a block.
    Block,
}

impl<'a> Blocks<'a> {
    /// The blocks of a page, those that answer `rpc` first.
    pub(crate) fn new(body: &'a [u8], rpc: &'a str) -> Self {
        Self { body, rpc, calls: None, requests: 0, at: 0, endless: 0, others: Vec::new(), given: 0 }
    }

    /// Whether the page says that a block with this key answers the rpc. The requests are looked for ahead at the first block, if they
    /// don't stand before it.
    fn is_named(&mut self, key: Option<&[u8]>) -> bool {
        if self.calls.is_none() {
            self.calls = Some(self.requests_after(self.at));
        }
        key.is_some_and(|key| self.calls.iter().flatten().any(|call| call.key == key))
    }

    /// The calls of the rpc in the requests after `at`.
    fn requests_after(&mut self, mut at: usize) -> Vec<OwnCall<'a>> {
        while let Some((mark, after)) = next_section(self.body, at) {
            at = after;
            if matches!(mark, Section::Requests) {
                let (calls, end) = self.read_requests(after);
                if !calls.is_empty() {
                    return calls;
                }
                at = end;
            }
        }
        Vec::new()
    }

    /// The calls of the rpc in the requests that start here, and where those end.
    fn read_requests(&mut self, start: usize) -> (Vec<OwnCall<'a>>, usize) {
        if self.requests >= MAX_REQUEST_OBJECTS {
            return (Vec::new(), start);
        }
        self.requests += 1;
        own_calls(self.body, start, self.rpc.as_bytes())
    }

    /// Whether the page says that the block that came last answers the rpc.
    pub(crate) fn is_last_named(&self) -> bool {
        !self.names_no_block() && self.given == 0
    }

    /// Whether the page names no block for the rpc.
    fn names_no_block(&self) -> bool {
        self.calls.as_ref().is_none_or(Vec::is_empty)
    }

    /// The arguments of the page's own calls of the rpc, as far as they are known when a block was found. Each ends somewhere in its text.
    pub(crate) fn own_calls(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.calls.iter().flatten().filter_map(|call| call.argument)
    }

    /// The next block that the page names, if it names one; puts the others aside.
    fn next_named(&mut self) -> Option<Result<Reader<'a>, ReadError>> {
        while let Some((mark, start)) = next_section(self.body, self.at) {
            self.at = start;
            match mark {
                Section::Requests if self.names_no_block() => {
                    let (calls, end) = self.read_requests(start);
                    (self.calls, self.at) = (Some(calls), end);
                }
                Section::Requests => {}
                Section::Block => {
                    if let Some(block) = self.block(start) {
                        return Some(block);
                    }
                }
            }
        }
        None
    }

    /// The block that starts here, if the page names it, or names none.
    fn block(&mut self, start: usize) -> Option<Result<Reader<'a>, ReadError>> {
        let (key, data) = head(self.body, start)?;
        let named = self.is_named(key);
        let block = Reader::new(self.body, data, Nesting::Plain);
        match self.skip_block(block) {
            Ok(()) if named || self.names_no_block() => Some(Ok(block)),
            Ok(()) => {
                self.others.push(data);
                None
            }
            Err(error) => named.then_some(Err(error)),
        }
    }

    /// Moves past a block, or past as much of it as can be read.
    fn skip_block(&mut self, mut block: Reader<'_>) -> Result<(), ReadError> {
        let end = block.kind().and_then(|_| block.skip());
        match end {
            Ok(()) => self.at = block.position(),
            Err(ReadError::Malformed { at }) => self.at = self.at.max(at),
            Err(ReadError::Truncated) => {
                self.endless += 1;
                if self.endless > MAX_ENDLESS_BLOCKS {
                    self.at = self.body.len();
                }
            }
        }
        end
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<Reader<'a>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(named) = self.next_named() {
            return Some(named);
        }
        if let Some(data) = self.others.get(self.given) {
            self.given += 1;
            return Some(Ok(Reader::new(self.body, *data, Nesting::Plain)));
        }
        // Without a word of the page, the block that is looked for may be the one that has no end.
        let cut = self.names_no_block() && std::mem::take(&mut self.endless) > 0;
        cut.then_some(Err(ReadError::Truncated))
    }
}

/// What starts next, and where the inside of its object does.
fn next_section(body: &[u8], from: usize) -> Option<(Section, usize)> {
    let rest = body.get(from..)?;
    memchr::memchr_iter(b'_', rest).find_map(|at| {
        let name = at + 1;
        let start = name.checked_sub(NAME_PREFIX.len())?;
        let after = rest.get(start..)?.strip_prefix(NAME_PREFIX)?;
        let (mark, opening, after) = match (after.strip_prefix(CALLBACK_NAME), after.strip_prefix(REQUESTS_NAME)) {
            (Some(after), _) => (Section::Block, b'(', after),
            (None, Some(after)) => (Section::Requests, b'=', after),
            (None, None) => return None,
        };
        let inside = past(past(after, opening)?, b'{')?;
        Some((mark, body.len() - inside.len()))
    })
}

/// What stands after a byte, which white space may stand before.
fn past(text: &[u8], byte: u8) -> Option<&[u8]> {
    text.trim_ascii_start().strip_prefix(&[byte])
}

/// What stands between the quotes that come next, of either kind, and what stands after them.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let quote = *text.first().filter(|quote| matches!(quote, b'\'' | b'"'))?;
    let inside = text.get(1..)?;
    let length = inside.iter().take(MAX_HEAD_BYTES).position(|byte| *byte == quote)?;
    Some((inside.get(..length)?, inside.get(length + 1..)?))
}

/// What stands after `NAME:`, whose name may be quoted.
fn after_name<'t>(text: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    let text = text.trim_ascii_start();
    let after = match quoted(text) {
        Some((quoted, after)) if quoted == name => after,
        Some(_) => return None,
        None => text.strip_prefix(name)?,
    };
    past(after, b':')
}

/// The key of the block that starts here, if it has one, and where its data starts.
fn head(body: &[u8], start: usize) -> Option<(Option<&[u8]>, usize)> {
    let head = body.get(start..body.len().min(start + MAX_HEAD_BYTES))?;
    let mut key = None;
    let data = members(head).find_map(|member| {
        key = key.or_else(|| quoted(after_name(member, b"key")?).map(|(key, _)| key));
        after_name(member, b"data")
    })?;
    Some((key, start + head.len() - data.len()))
}

/// The calls of `rpc`, from inside `{'ds:0' : {id:'RPC', …, request:[…]}, …}`, and where that ends.
fn own_calls<'a>(body: &'a [u8], mut at: usize, rpc: &[u8]) -> (Vec<OwnCall<'a>>, usize) {
    let mut calls = Vec::new();
    while let Some((key, request)) = request(body, at) {
        let mut reader = Reader::new(body, request, Nesting::Plain);
        if reader.kind() != Ok(Kind::Object) || reader.skip().is_err() {
            break;
        }
        let id = body.get(request + 1..).and_then(|inside| quoted(after_name(inside, b"id")?));
        if id.is_some_and(|(id, _)| id == rpc) && calls.len() < MAX_CALLS {
            calls.push(OwnCall { key, argument: argument(body, request + 1) });
        }
        at = reader.position();
    }
    (calls, at)
}

/// The argument of the call whose object's inside starts here, and what follows it.
fn argument(body: &[u8], start: usize) -> Option<&[u8]> {
    let head = body.get(start..body.len().min(start + MAX_HEAD_BYTES))?;
    let after = members(head).find_map(|member| after_name(member, b"request"))?;
    body.get(start + head.len() - after.len()..)
}

/// The texts after each comma, and the whole: a member may start at each.
fn members(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let starts = [0].into_iter().chain(memchr::memchr_iter(b',', head).map(|at| at + 1));
    starts.filter_map(|at| head.get(at..))
}

/// The key of the next request, and where its object starts; `None` at the end.
fn request(body: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = body.get(at..)?.trim_ascii_start();
    let rest = rest.strip_prefix(b",").unwrap_or(rest);
    let (key, after) = quoted(rest)?;
    let object = past(after, b':')?.trim_ascii_start();
    Some((key, body.len() - object.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<script>var AF_dataServiceRequests = {'ds:0' : {id:'A',request:["'ds:9' : {id:'B'"]},'ds:7' : {id:'B',ext: 1.5E8 ,request:[]},
        'ds:3' : {id:'B',request:[]}}; var x = {'ds:0' : {id:'B'}};</script>
        <script>AF_initDataCallback({key: 'ds:0', hash: '1', data:["AF_initDataCallback({key: 'ds:3', hash: '2', data:[0]"], sideChannel: {}});</script>
        <script>AF_initDataCallback({key: 'ds:3', isError: false, hash: '2', data:[3], sideChannel: {}});</script>
        <script>AF_initDataCallback({key: 'ds:7', hash: '2', data:[7], sideChannel: {}});</script>"#;

    fn numbers(page: &str, rpc: &str) -> Vec<String> {
        let blocks = Blocks::new(page.as_bytes(), rpc);
        blocks.map(|block| block.unwrap().get(&[0]).unwrap().unwrap().number().unwrap_or("text").to_owned()).collect()
    }

    #[test]
    fn blocks_that_the_page_names_come_first() {
        assert_eq!(numbers(PAGE, "B"), ["3", "7", "text"]);
        assert_eq!(numbers(PAGE, "C"), ["text", "3", "7"]);
    }

    #[test]
    fn the_arguments_of_the_pages_own_calls_are_found() {
        let page = PAGE.replace("ext: 1.5E8 ,request:[]", "ext: 1.5E8 ,request:[8,[null]]");
        let arguments = |rpc| {
            let mut blocks = Blocks::new(page.as_bytes(), rpc);
            blocks.next().unwrap().unwrap();
            blocks
                .own_calls()
                .map(|text| text.first_chunk::<4>().map(|start| String::from_utf8_lossy(start).into_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(arguments("B"), ["[8,[", "[]}}"].map(|start| Some(start.to_owned())));
        assert!(arguments("C").is_empty());
    }

    #[test]
    fn without_requests_every_block_may_answer() {
        let (_, trimmed) = PAGE.split_once("</script>").unwrap();
        assert_eq!(numbers(trimmed, "B"), ["text", "3", "7"]);
    }

    #[test]
    fn requests_may_come_after_the_blocks() {
        let (requests, blocks) = PAGE.split_once("</script>").unwrap();
        assert_eq!(numbers(&format!("{blocks}{requests}</script>"), "B"), ["3", "7", "text"]);
    }

    #[test]
    fn spaces_and_quotes_may_be_others() {
        let written = [
            ("'ds:3' : {id:'B'", "\"ds:3\" : {id:\"B\""),
            ("AF_initDataCallback({", "AF_initDataCallback ( {\n"),
            (" : {id:", ":{ \"id\" : "),
            ("AF_dataServiceRequests = {", "AF_dataServiceRequests={\n "),
            (", data:", ",\n  \"data\" : "),
            ("key: ", "'key':"),
        ];
        for (from, to) in written {
            let page = PAGE.replace(from, to);
            assert_eq!(numbers(&page, "B")[..2], ["3", "7"], "{from}");
        }
    }

    #[test]
    fn requests_that_name_other_keys_hide_no_block() {
        let drifted = PAGE.replace("{key: 'ds:3'", "{key: 'ds:33'").replace("{key: 'ds:7'", "{key: 'ds:77'");
        assert_eq!(numbers(&drifted, "B"), ["text", "3", "7"]);
        let unreadable = PAGE.replace("'ds:0' : {id:'A'", "ds0 : {id:'A'");
        assert_eq!(numbers(&unreadable, "B"), ["text", "3", "7"]);
    }

    #[test]
    fn a_function_holds_nothing() {
        let old = PAGE.replace("data:[3]", "data:function(){return [3]}");
        let mut blocks = Blocks::new(old.as_bytes(), "B");
        assert!(blocks.next().unwrap().unwrap().get(&[0]).unwrap().is_none());
    }

    #[test]
    fn requests_without_an_end_are_read_a_few_times_alone() {
        let endless = "AF_dataServiceRequests = {'ds:1' : {id:'B',".repeat(20_000);
        let (_, trimmed) = PAGE.split_once("</script>").unwrap();
        assert_eq!(numbers(&format!("{endless}{trimmed}"), "B"), ["text", "3", "7"]);
        let few = "AF_dataServiceRequests = {'ds:1' : {id:'B',".repeat(3);
        assert_eq!(numbers(&format!("{few}\"{PAGE}"), "B")[..2], ["3", "7"]);
    }

    #[test]
    fn blocks_without_an_end_are_looked_past_a_few_times_alone() {
        let endless = "AF_initDataCallback({key: 'ds:1', data:[[".repeat(20_000);
        let (_, trimmed) = PAGE.split_once("</script>").unwrap();
        let blocks: Vec<_> = Blocks::new(endless.as_bytes(), "B").collect();
        assert!(matches!(blocks.as_slice(), [Err(ReadError::Truncated)]), "{}", blocks.len());
        let few = "AF_initDataCallback({key: 'ds:1', data:[[".repeat(3);
        let page = format!("{few}{trimmed}");
        let found = Blocks::new(page.as_bytes(), "B").filter(Result::is_ok).count();
        assert_eq!(found, 3);
    }
}
