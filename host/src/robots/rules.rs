//! Rules of a robots.txt.

use texting_robots::Robot;

use super::RobotsVerdict;
use crate::types::{Failure, Response};

/// Bytes of a file that are read. RFC 9309 (section 2.5) requires at least 500 KiB.
const MAX_PARSED_BYTES: usize = 512 << 10;

/// Patterns of a file that may end with `$`. Each is compiled to an expression of up to 42 KiB.
const MAX_ANCHORED_PATTERNS: usize = 1000;

/// Rules of a host's robots.txt.
#[derive(Debug)]
pub(super) enum Rules {
    /// There is no file: all addresses are allowed.
    NoFile,
    /// The rules for this program.
    File(Box<Robot>),
    /// The file can't be read, for this reason: no address is allowed.
    Unknown(String),
}

impl Rules {
    /// Reads the response to a request for robots.txt, for the program with this product token.
    ///
    /// By RFC 9309 (section 2.3.1) a status of 400 to 499 allows everything, and a server error or no answer disallows everything. As Google's
    /// crawler does, this counts 429 as a server error. A redirect that isn't followed leads to a host that the parser doesn't declare, such as
    /// that of a captcha.
    pub(super) async fn read(agent: &str, fetched: Result<Response, Failure>) -> Self {
        match fetched {
            Ok(response) => match response.status.as_u16() {
                200..=299 => Self::parse(agent, response.body).await,
                429 => Self::Unknown("HTTP 429".to_owned()),
                400..=499 => Self::NoFile,
                status @ 300..=399 => {
                    Self::Unknown(format!("HTTP {status} redirects to a host that the parser does not declare"))
                }
                status => Self::Unknown(format!("HTTP {status}")),
            },
            Err(failure) => Self::Unknown(failure.to_string()),
        }
    }

    /// Parses on a blocking thread, since a large file takes long and the library may panic.
    async fn parse(agent: &str, mut body: Vec<u8>) -> Self {
        truncate_at_line(&mut body, MAX_PARSED_BYTES);
        if body.iter().filter(|byte| **byte == b'$').count() > MAX_ANCHORED_PATTERNS {
            return Self::Unknown(format!("it has more than {MAX_ANCHORED_PATTERNS} patterns with $"));
        }
        let agent = agent.to_owned();
        match tokio::task::spawn_blocking(move || Robot::new(&agent, &body)).await {
            Ok(Ok(robot)) => Self::File(Box::new(robot)),
            Ok(Err(error)) => Self::Unknown(error.to_string()),
            Err(_) => Self::Unknown("its parser failed".to_owned()),
        }
    }

    /// The verdict on an address.
    pub(super) fn verdict(&self, url: &str) -> RobotsVerdict {
        match self {
            Self::NoFile => RobotsVerdict::Allowed,
            Self::File(robot) if robot.allowed(url) => RobotsVerdict::Allowed,
            Self::File(_) => RobotsVerdict::Disallowed,
            Self::Unknown(reason) => RobotsVerdict::Unknown(reason.clone()),
        }
    }

    /// Whether the file couldn't be read.
    pub(super) const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

/// Truncates a text to `limit` bytes and whole lines, since half a rule would mean something else.
fn truncate_at_line(body: &mut Vec<u8>, limit: usize) {
    if body.len() > limit {
        body.truncate(limit);
        let whole = body.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        body.truncate(whole);
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::types::FailureKind;

    async fn verdict(status: u16, body: &str, url: &str) -> RobotsVerdict {
        let status = StatusCode::from_u16(status).unwrap();
        let response = Response::new("https://example.org/robots.txt", status, body);
        Rules::read("playfast", Ok(response)).await.verdict(url)
    }

    const FILE: &str = "User-agent: *\nDisallow: /_/\nDisallow: /store/*?*hl=\nAllow: /store/apps/details?\n\n\
        User-agent: PlayFast\nDisallow: /mine\nDisallow: /end$\n";

    #[tokio::test]
    async fn the_longest_match_of_the_programs_group_decides() {
        for (url, allowed) in [
            ("https://example.org/mine", false),
            ("https://example.org/mine/deeper?x=1", false),
            ("https://example.org/end", false),
            ("https://example.org/ending", true),
            ("https://example.org/_/x", true),
        ] {
            assert_eq!(verdict(200, FILE, url).await == RobotsVerdict::Allowed, allowed, "{url}");
        }
        let others =
            Rules::read("other", Ok(Response::new("https://example.org/robots.txt", StatusCode::OK, FILE))).await;
        for (url, allowed) in [
            ("https://example.org/_/PlayStoreUi/data/batchexecute?hl=en", false),
            ("https://example.org/store/apps/details?id=a.b&hl=en", true),
            ("https://example.org/store/search?q=a&hl=en", false),
            ("https://example.org/mine", true),
        ] {
            assert_eq!(others.verdict(url) == RobotsVerdict::Allowed, allowed, "{url}");
        }
    }

    #[tokio::test]
    async fn a_status_says_what_rfc_9309_has_it_say() {
        let url = "https://example.org/_/x";
        for status in [400, 401, 403, 404, 410, 451] {
            assert_eq!(verdict(status, "Disallow: /", url).await, RobotsVerdict::Allowed, "{status}");
        }
        for status in [302, 429, 500, 503] {
            let RobotsVerdict::Unknown(reason) = verdict(status, "", url).await else { panic!("{status} is read") };
            assert!(reason.contains(&status.to_string()), "{reason}");
        }
        let failed = Err(Failure::new(FailureKind::Timeout, "example.org did not answer"));
        let rules = Rules::read("playfast", failed).await;
        assert_eq!(rules.verdict(url), RobotsVerdict::Unknown("timeout: example.org did not answer".to_owned()));
    }

    #[tokio::test]
    async fn strange_files_are_read_or_unknown() {
        let url = "https://example.org/x";
        for (file, expected) in [
            ("", RobotsVerdict::Allowed),
            ("<html><body>sorry</body></html>", RobotsVerdict::Allowed),
            ("\u{feff}User-agent: *\r\nDisallow: /x\r\n", RobotsVerdict::Disallowed),
            ("user-agent:*\ndisallow:/", RobotsVerdict::Disallowed),
            ("User-agent: *\nDisallow:", RobotsVerdict::Allowed),
        ] {
            assert_eq!(verdict(200, file, url).await, expected, "{file:?}");
        }
        let many = format!("User-agent: *\n{}", "Disallow: /*a$\n".repeat(MAX_ANCHORED_PATTERNS + 1));
        assert!(matches!(verdict(200, &many, url).await, RobotsVerdict::Unknown(_)));
    }

    #[tokio::test]
    async fn the_first_512_kib_are_read() {
        let filler = "# a comment of no meaning\n".repeat(MAX_PARSED_BYTES / 26 - 10);
        let inside = format!("User-agent: *\n{filler}Disallow: /x\n");
        assert_eq!(verdict(200, &inside, "https://example.org/x").await, RobotsVerdict::Disallowed);
        let outside = format!("User-agent: *\n{filler}{filler}Disallow: /x\n");
        assert_eq!(verdict(200, &outside, "https://example.org/x").await, RobotsVerdict::Allowed);
    }

    #[test]
    fn a_rule_is_never_cut_short() {
        let mut body = b"Disallow: /a\nDisallow: /bcd\n".to_vec();
        truncate_at_line(&mut body, 25);
        assert_eq!(body, b"Disallow: /a\n");
    }
}
