//! Component that is to be swapped in: hashed once and loaded once, however many steps of the swap need it.

use std::borrow::Cow;

use crate::parser::{Digest, Engine, LoadError, Parser};

/// A component with its digest, and its parser once that is loaded.
#[derive(Debug)]
pub(crate) struct Candidate<'c> {
    component: Cow<'c, [u8]>,
    digest: Digest,
    parser: Option<Parser>,
}

impl<'c> Candidate<'c> {
    pub(crate) fn new(component: impl Into<Cow<'c, [u8]>>) -> Self {
        let component = component.into();
        Self { digest: Digest::compute(&component), component, parser: None }
    }

    pub(crate) const fn digest(&self) -> Digest {
        self.digest
    }

    /// Its parser, which the first call loads.
    ///
    /// # Errors
    /// As [`Engine::load`].
    pub(crate) async fn load(&mut self, engine: &Engine) -> Result<Parser, LoadError> {
        if let Some(parser) = &self.parser {
            return Ok(parser.clone());
        }
        let parser = engine.load_hashed(&self.component, self.digest).await?;
        Ok(self.parser.insert(parser).clone())
    }
}
