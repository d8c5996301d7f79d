//! Which data block of a page answers an rpc?
//!
//! A page's scripts call `AF_initDataCallback({key: 'ds:N', …, data:[…], …})`, after `AF_dataServiceRequests` has said which rpc each key
//! answers. Keys drift from page to page and rpc ids don't, so keys are never known here. Trimmed pages lack the second: all their blocks
//! are candidates. A block is passed over as a whole: text that only looks like one, inside another's data, is never found.

use playfast_guest::json::{Kind, Level, ReadError, Reader};

const REQUESTS: &[u8] = b"AF_dataServiceRequests = {";
const CALLBACK: &[u8] = b"AF_initDataCallback({";
const DATA: &[u8] = b"data:";

/// A block's key and data stand within so many bytes of its start.
const HEAD: usize = 200;

/// The blocks of a page that answer an rpc, in the page's order.
pub(crate) struct Blocks<'a> {
    body: &'a [u8],
    keys: Option<Vec<&'a str>>,
    at: usize,
}

impl<'a> Blocks<'a> {
    /// Those that answer `rpc`, or all where the page doesn't say.
    pub(crate) fn new(body: &'a [u8], rpc: &str) -> Self {
        match find(body, REQUESTS) {
            Some(start) => {
                let start = start + REQUESTS.len();
                let (keys, at) = keys(body, start, rpc);
                Self { body, keys: Some(keys), at }
            }
            None => Self { body, keys: None, at: 0 },
        }
    }

    /// Whether a block with this key may answer.
    fn answers(&self, key: &str) -> bool {
        self.keys.as_ref().is_none_or(|keys| keys.contains(&key))
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<Reader<'a>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.at + find(self.body.get(self.at..)?, CALLBACK)? + CALLBACK.len();
            self.at = start;
            let Some((key, data)) = head(self.body, start) else { continue };
            let block = Reader::new(self.body, data, Level::Plain);
            let mut end = block;
            match end.kind().and_then(|_| end.skip()) {
                Ok(()) => self.at = end.position(),
                Err(error) if self.answers(key) => return Some(Err(error)),
                Err(_) => continue,
            }
            if self.answers(key) {
                return Some(Ok(block));
            }
        }
    }
}

/// Where one of the names above stands. Their underscore is looked for: a byte of 750 in such pages, and a search for one byte goes through
/// megabytes four times as fast in the sandbox as one for a text.
fn find(body: &[u8], name: &[u8]) -> Option<usize> {
    let underscore = name.iter().position(|byte| *byte == b'_')?;
    let mut starts = memchr::memchr_iter(b'_', body).filter_map(|at| at.checked_sub(underscore));
    starts.find(|start| body.get(*start..).is_some_and(|text| text.starts_with(name)))
}

/// The key of the block that starts here, and where its data starts.
fn head(body: &[u8], start: usize) -> Option<(&str, usize)> {
    let head = body.get(start..body.len().min(start + HEAD))?;
    let data = memchr::memmem::find(head, DATA)?;
    let key = head.get(..data)?.split(|byte| matches!(byte, b'\'' | b'"')).nth(1)?;
    Some((std::str::from_utf8(key).ok()?, start + data + DATA.len()))
}

/// The keys of the requests that ask `rpc`, from inside `{'ds:0' : {id:'RPC', …, request:[…]}, …}`, and where that ends.
fn keys<'a>(body: &'a [u8], mut at: usize, rpc: &str) -> (Vec<&'a str>, usize) {
    let mut keys = Vec::new();
    while let Some((key, request)) = request(body, at) {
        let mut reader = Reader::new(body, request, Level::Plain);
        if reader.kind() != Ok(Kind::Object) || reader.skip().is_err() {
            break;
        }
        let text = body.get(request..reader.position()).unwrap_or_default();
        if id(text) == Some(rpc.as_bytes()) {
            keys.push(key);
        }
        at = reader.position();
    }
    (keys, at)
}

/// The key of the next request, and where its object starts; `None` at the end.
fn request(body: &[u8], at: usize) -> Option<(&str, usize)> {
    let rest = body.get(at..)?;
    let mut quotes = rest.iter().enumerate().take(HEAD).filter(|(_, byte)| **byte == b'\'').map(|(at, _)| at);
    let (open, close) = (quotes.next()?, quotes.next()?);
    let before = rest.get(..open)?;
    let colon = rest.get(close + 1..)?.iter().position(|byte| *byte == b'{')?;
    let key = std::str::from_utf8(rest.get(open + 1..close)?).ok()?;
    let in_list = before.iter().all(|byte| matches!(byte, b',' | b' ' | b'\n'));
    in_list.then_some((key, at + close + 1 + colon))
}

/// The rpc of one request: `{id:'RPC',…`.
fn id(request: &[u8]) -> Option<&[u8]> {
    request.strip_prefix(b"{id:'")?.split(|byte| *byte == b'\'').next()
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
    fn blocks_are_found_by_the_rpc_they_answer() {
        assert_eq!(numbers(PAGE, "B"), ["3", "7"]);
        assert!(numbers(PAGE, "C").is_empty());
    }

    #[test]
    fn without_requests_every_block_may_answer() {
        let (_, trimmed) = PAGE.split_once("</script>").unwrap();
        assert_eq!(numbers(trimmed, "B"), ["text", "3", "7"]);
    }

    #[test]
    fn a_function_holds_nothing() {
        let old = PAGE.replace("data:[3]", "data:function(){return [3]}");
        let mut blocks = Blocks::new(old.as_bytes(), "B");
        assert!(blocks.next().unwrap().unwrap().get(&[0]).unwrap().is_none());
    }
}
