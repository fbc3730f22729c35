//! How any answer leaves: JSON text, written once, and cut by what is shown of it.
//!
//! A large answer as a tree of [`serde_json::Value`] costs several times what its text does: to build, to round, to
//! measure and to write. So what is large is written from its types, numbers rounded on the way, and an answer is an
//! object of parts that are text already and know where their entries end. Nothing is read back to be cut.

pub(crate) mod canonical;
mod entries;
mod fields;
mod frame;
pub(crate) mod markdown;
mod matrix;
pub(crate) mod receipt;
mod room;
mod rounding;
mod truncate;
mod within;

use std::{fmt, sync::Arc};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use self::receipt::Draft;
use crate::{charts::Drawn, results::ResultLink};

pub(crate) use self::{
    fields::{Fields, Part},
    frame::{Frame, Limit, NotAnalysed, NotePlace, fitting_listed},
    matrix::{Layout, Matrix},
    room::Room,
    rounding::Rounding,
    within::within,
};

/// Characters of an answer, and of its text block, where its call names no length.
pub(crate) const MAX_CHARS: usize = 40_000;

pub(crate) use factor_types::shortened;

/// Whether a text has no more characters than this; only a text of more bytes is counted.
fn fits(text: &str, most: usize) -> bool {
    text.len() <= most || text.chars().nth(most).is_none()
}

/// A JSON document as compact text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(Arc<str>);

impl Json {
    /// The text of something, numbers as they are.
    pub fn of(value: &impl Serialize) -> Self {
        Self(Rounding::None.text(value).into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has no more characters than this.
    pub(crate) fn fits(&self, most: usize) -> bool {
        fits(&self.0, most)
    }

    /// The document as a tree, for those who look into it.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What tells a state of something kept from all others of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// Of something as it is kept, its times included.
    pub fn of(kept: &impl Serialize) -> Self {
        Self::of_text(Json::of(kept).as_str())
    }

    /// Of a text: 32 hexadecimal digits.
    pub fn of_text(text: &str) -> Self {
        Self::from(Sha256::new().chain_update(text))
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Sha256> for Version {
    /// Half of the digest is enough: nobody gains by two states that are told to be one.
    fn from(digest: Sha256) -> Self {
        Self::from(<[u8; 32]>::from(digest.finalize()))
    }
}

impl From<[u8; 32]> for Version {
    fn from(digest: [u8; 32]) -> Self {
        Self(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }
}

/// What an answer about one thing that is kept says of it beside its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// The state that it is in now.
    pub version: Version,
    /// True when it is there since this call.
    pub is_new: bool,
}

/// An answer as it leaves: its JSON, its text block and where the rest of it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The structured content: an object with `status`, valid against its output schema.
    pub structured: Json,
    /// The text block with the same facts.
    pub text: String,
    /// Where the rest is, when the answer was cut.
    pub links: Vec<ResultLink>,
    /// What is kept, where the answer is about that.
    pub kept: Option<Kept>,
    /// The picture that goes with it, where one was asked for.
    pub picture: Option<Arc<Drawn>>,
    /// What it is made of, where it has figures.
    pub(crate) made_of: Option<Arc<Draft>>,
}

impl Rendered {
    /// An answer whose text is its JSON.
    pub fn json(structured: &impl Serialize) -> Self {
        Self::of(Json::of(structured))
    }

    /// As [`Self::json`], of what is written already.
    pub fn of(structured: Json) -> Self {
        Self { text: structured.to_string(), structured, links: Vec::new(), kept: None, picture: None, made_of: None }
    }

    /// Whether neither its content nor its text has more characters than this.
    pub(crate) fn fits(&self, most: usize) -> bool {
        self.structured.fits(most) && fits(&self.text, most)
    }

    /// Adds a link to a resource with the rest.
    #[must_use]
    pub fn link(mut self, link: ResultLink) -> Self {
        self.links.push(link);
        self
    }

    /// Adds the picture that goes with it.
    #[must_use]
    pub(crate) fn with_picture(self, picture: Option<Drawn>) -> Self {
        Self { picture: picture.map(Arc::new), ..self }
    }

    /// Says what is kept.
    #[must_use]
    pub fn of_kept(self, kept: Kept) -> Self {
        Self { kept: Some(kept), ..self }
    }
}
