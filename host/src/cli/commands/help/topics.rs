//! Topics of `playfast help`: one screen each.

/// Something that is explained.
#[derive(Debug)]
pub(in crate::cli) struct Topic {
    /// What it is asked for by.
    pub(in crate::cli) name: &'static str,
    /// The explanation: at most 24 lines of 80 columns.
    pub(in crate::cli) text: &'static str,
}

/// All topics.
pub(in crate::cli) const TOPICS: [Topic; 4] = [
    Topic { name: "failures", text: FAILURES },
    Topic { name: "pace", text: PACE },
    Topic { name: "resume", text: RESUME },
    Topic { name: "parsers", text: PARSERS },
];

const FAILURES: &str = "\
A query that fails for good is a line on stderr; the other queries go on.
--failures FILE writes such queries to FILE, as run --queries reads them.

Final, never sent again:
  not-found       The site has no such thing, at least in this country
  invalid-query   The parser can't make a request of this query
  layout-changed  The page has a layout that the parser doesn't know
  forbidden       An address that may not be asked
  too-large       The body is larger than allowed
  parser-*        The sandbox stopped the parser, or its answer is invalid

Sent again with growing waits, 6 times by default (--retries):
  blocked         A captcha, a consent page or a quota: ask more slowly
  unavailable     The site failed for now, or the body is cut short
  timeout, network, http
                  No answer in time, no connection, a broken exchange

Ended before there was an answer: deadline (the time was up), cancelled (the
run was stopped), internal (a fault of this program: please report it).

Exit codes: 0 all answered, 1 some failed, 2 usage or a file, 3 none answered,
4 the parser is refused, 70 internal, 75 another run has FILE, 130 Ctrl-C,
143 SIGTERM. With --accept not-found, that failure leaves the code at 0.
";

const PACE: &str = "\
How fast a host is asked is decided for each request.

By default the parser's pace holds (--rate site): for Google Play 60 requests
at once, then one a second. --rate 5, --rate 0.5/s and --rate 30/m set another
rate; --rate none sets no limit.

Within that pace, the number of requests in flight to a host adapts. It starts
at 32 and doubles until something fails, then grows by one a round. Timeouts,
resets, 429 and 5xx make it smaller, down to long pauses between requests.
--host-concurrency and --concurrency (64) are upper limits.

Queries may share a request: 50 apps by rpc. --per-request sets how many.

A server that names a wait (Retry-After) is not asked before it is over. Waits
longer than --max-wait (15m) make the query fail. A host that only fails is
probed now and then, and given up after --give-up (60s) without an answer.

--dry-run shows how many requests, MB and minutes a command takes. If you see
blocked, use a lower --rate. --robots obey sends nothing that robots.txt
disallows. Whether you may ask at all is between you, the site and the law.
";

const RESUME: &str = "\
With -o FILE, a journal FILE.journal records every answer after its rows are
written. A run that was cut off by Ctrl-C, a crash or a full disk goes on with

  playfast run --queries apps.csv -o rows.ndjson --resume

It skips the queries that are answered, goes on in the middle of a query, and
sends failed ones again. Each row is in FILE once, however often it was cut off.

A run whose failures are all final is finished: the next one starts again. One
that was cut off is not written over; --existing says what to do with it:
  fail      Stop with an error (the default)
  resume    Go on with it; --resume is short for it
  restart   Empty FILE and start again; --overwrite is short for it
  replace   Start again in another file, and replace FILE when it is finished

A query is known by its kind and all its parameters. The format and --fields
must be the same. Two runs can't write to one file at the same time.

Ctrl-C waits for the requests in flight and prints how to go on; pressing it
again stops at once.
";

const PARSERS: &str = "\
A parser is a WebAssembly component that knows one site: it builds requests and
turns responses into rows. One for Google Play is built in. If a site changes,
replace the parser, not the program.

  playfast inspect                       what the built-in parser can be asked
  playfast --parser books.wasm book X    use another one; its kinds are commands
  playfast --parsers DIR run ...         use all of DIR; ask for parser:kind
  playfast --parser p.wasm --watch run   load the file again when it changes

With --watch, a new parser must answer recent responses at least as well as the
old one, or it is refused and the old one goes on. --force accepts it anyway.

Each response is parsed in a new sandbox, with limits on memory (256 MB), time
(250 ms), stack and output, without files, environment or network. The program
sends requests only to hosts that the parser declares, over https. Parsers in
DIR, and those that --watch loads, may ask play.google.com and the hosts that
--allow-host allows.

The sandbox protects this machine, not the truth of the rows: --parser-digest
accepts only the parser with that digest, and --pure only parsers that import
nothing.
";

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn a_topic_is_one_screen() {
        for topic in &TOPICS {
            assert!(topic.text.lines().count() <= 24, "{}: {}", topic.name, topic.text.lines().count());
            for line in topic.text.lines() {
                assert!(line.width() <= 80, "{}: {line}", topic.name);
            }
        }
    }
}
