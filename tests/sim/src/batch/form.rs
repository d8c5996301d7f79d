//! The calls of a POST: its `f.req` field, read as JSON.

use serde_json::Value;

use crate::catalogue::ChartQuery;

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) rpc: String,
    pub(crate) argument: Value,
    pub(crate) tag: String,
}

/// How many apps a chart has when the request doesn't say.
const DEFAULT_NUM: u64 = 50;

/// The most apps that continue a cluster at once.
const LONGEST_CONTINUATION: usize = 100;

/// The calls in the form, or nothing if it isn't one.
pub(crate) fn calls(form: &[u8]) -> Option<Vec<Call>> {
    let (_, json) = url::form_urlencoded::parse(form).find(|(name, _)| name == "f.req")?;
    let outer: Value = serde_json::from_str(&json).ok()?;
    let calls = outer.get(0)?.as_array()?;
    Some(calls).filter(|calls| !calls.is_empty())?.iter().map(call).collect()
}

fn call(value: &Value) -> Option<Call> {
    let argument = serde_json::from_str(value.get(1)?.as_str()?).ok()?;
    let tag = value.get(3).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Call { rpc: value.get(0)?.as_str()?.to_owned(), argument, tag })
}

impl Call {
    /// What a chart call asks for, in its long form as in its short one.
    pub(crate) fn chart(&self, language: &str, country: &str) -> Option<ChartQuery> {
        let text = |path| self.argument.pointer(path).and_then(Value::as_str);
        let num = self.argument.pointer("/0/1/0/1/1").and_then(Value::as_u64).unwrap_or(DEFAULT_NUM);
        let query = ChartQuery::new(country, text("/0/2/2")?, text("/0/2/1")?).language(language);
        Some(query.num(usize::try_from(num).unwrap_or(usize::MAX)))
    }

    /// Whether a chart call has the long form: `[8, [20, NUM]]` where the short one has `[null, [null, NUM]]`.
    pub(crate) fn is_long_chart(&self) -> bool {
        self.argument.pointer("/0/1/0/0").is_some_and(|kind| !kind.is_null())
    }

    /// The app that a details call asks for.
    pub(crate) fn details_id(&self) -> Option<&str> {
        self.argument.pointer("/5/0/0").and_then(Value::as_str)
    }

    /// The app that a call of any rpc asks for.
    pub(crate) fn app_id(&self) -> Option<&str> {
        let path = match self.rpc.as_str() {
            "oCPfdb" => "/2/0",
            "UsvDTd" => "/3/0",
            "xdSrCf" => "/0/1/0",
            "IJ4APc" | "qnKhOb" => return None,
            _ => return self.details_id(),
        };
        self.argument.pointer(path).and_then(Value::as_str)
    }

    /// The token and the number of apps of a call that continues a cluster.
    pub(crate) fn continuation(&self) -> Option<(&str, usize)> {
        let num = self.argument.pointer("/0/1/0/1/1").and_then(Value::as_u64).unwrap_or(DEFAULT_NUM);
        Some((self.argument.pointer("/0/3")?.as_str()?, usize::try_from(num).ok()?.min(LONGEST_CONTINUATION)))
    }

    /// The term that a call for suggestions begins with.
    pub(crate) fn term(&self) -> Option<&str> {
        self.argument.pointer("/0/1/0").and_then(Value::as_str)
    }

    /// The field numbers that a details call asks for.
    pub(crate) fn fields(&self) -> Vec<u64> {
        let fields = self.argument.pointer("/2/0").and_then(Value::as_array);
        fields.into_iter().flatten().filter_map(Value::as_u64).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(json: &str) -> Vec<u8> {
        url::form_urlencoded::Serializer::new(String::new()).append_pair("f.req", json).finish().into_bytes()
    }

    #[test]
    fn both_forms_of_a_chart_request_are_read() {
        let long =
            r#"[[["vyAe2","[[null,[[8,[20,100]],true,null,[96]],[2,\"topselling_free\",\"GAME\"]]]",null,"7"]]]"#;
        let short =
            r#"[[["vyAe2","[[null,[[null,[null,100]],null,null,[113]],[2,\"topselling_free\",\"GAME\"]]]",null,"7"]]]"#;
        for json in [long, short] {
            let calls = calls(&form(json)).unwrap();
            assert_eq!(calls[0].tag, "7");
            assert_eq!(calls[0].chart("en", "us").unwrap(), ChartQuery::new("us", "GAME", "topselling_free"));
            assert_eq!(calls[0].is_long_chart(), json == long);
        }
    }

    #[test]
    fn what_is_no_form_has_no_calls() {
        assert_eq!(calls(b"f.req=%5B%5D"), None);
        assert_eq!(calls(b"f.req=nonsense"), None);
        assert_eq!(calls(b"other=1"), None);
    }
}
