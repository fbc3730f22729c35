//! The only place that knows which YAML crate is used.

use factor_types::shortened;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_saphyr::{DefaultMessageFormatter, Error, Location, MergeKeyPolicy, MessageFormatter, Options, Spanned};

/// The longest file that is read. The shipped ones have some 10 KB, five thousand funds described in full 2 MB.
pub(crate) const MAX_BYTES: usize = 4 << 20;

/// Characters of a message: a file's essays stay in the file.
const LONGEST: usize = 400;
/// Five thousand funds with every key that there is have 90,000.
const MAX_NODES: usize = 100_000;
const MAX_DEPTH: usize = 16;
const MAX_ALIASES: usize = 16;

/// Why a text was refused, and where.
#[derive(Debug)]
pub(crate) struct YamlError {
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) message: String,
}

/// A value and where it stands.
#[derive(Debug)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    /// Nothing is written there: `key:` and the end of the line.
    pub(crate) empty: bool,
    line: u64,
    column: u64,
}

impl<T> Located<T> {
    /// A refusal of this value.
    pub(crate) fn refuse(&self, message: impl Into<String>) -> YamlError {
        YamlError { line: self.line, column: self.column, message: message.into() }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        let at = spanned.referenced;
        Ok(Self { value: spanned.value, empty: at.span().is_empty(), line: at.line(), column: at.column() })
    }
}

/// Reads one YAML document. Types decide what a scalar is (`NO` and `007` stay text), a key that comes twice is an
/// error, and a document that would unfold into more than a mapping file can need is refused before it is built.
pub(crate) fn load_yaml<T: DeserializeOwned>(text: &[u8]) -> Result<T, YamlError> {
    if text.len() > MAX_BYTES {
        let message = format!(
            "the file is over {MAX_BYTES} bytes: a mapping has a few hundred thousand at most, is this the right file?"
        );
        return Err(YamlError { line: 1, column: 1, message });
    }
    let text = std::str::from_utf8(text).map_err(|error| not_utf8(text, error.valid_up_to()))?;
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| refusal(text, &error))
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_ALIASES,
            max_recorded_anchor_events: MAX_NODES,
            max_recorded_anchor_bytes: MAX_BYTES,
            max_documents: 1,
            max_total_scalar_bytes: MAX_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: MAX_DEPTH,
        },
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        emit_comments: false,
        // Messages go to logs and answers: the place is enough there, the lines around it are in the file.
        with_snippet: false,
    }
}

fn not_utf8(text: &[u8], at: usize) -> YamlError {
    let before = String::from_utf8_lossy(text.get(..at).unwrap_or_default());
    let line = before.matches('\n').count() as u64 + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
    YamlError { line, column, message: "not UTF-8 text: save the file as UTF-8".to_owned() }
}

fn refusal(text: &str, error: &Error) -> YamlError {
    let at = error.location();
    YamlError {
        line: at.map_or(1, |at| at.line().max(1)),
        column: at.map_or(1, |at| at.column().max(1)),
        message: shortened(&message(error, at.and_then(|at| written(text, at)).unwrap_or("this")), LONGEST),
    }
}

/// The text at a place.
fn written(text: &str, at: Location) -> Option<&str> {
    let start = usize::try_from(at.span().byte_offset()?).ok()?;
    let length = usize::try_from(at.span().byte_len()?).ok()?;
    let found = text.get(start..start.checked_add(length)?)?;
    (1..=40).contains(&found.len()).then_some(found)
}

/// The crate's messages are for developers of its caller; the common ones are put here into words for those who
/// maintain the file.
fn message(error: &Error, found: &str) -> String {
    match error {
        Error::DuplicateMappingKey { key, .. } => {
            let key: String = key.as_deref().unwrap_or(found).chars().take(100).collect();
            format!("`{key}` is there twice: keep one")
        }
        Error::SerdeUnknownField { field, expected, .. } => {
            let field: String = field.chars().take(40).collect();
            format!("`{field}` is not a key here: write one of {}", expected.join(", "))
        }
        Error::SerdeMissingField { field, .. } => format!("`{field}` is missing: every entry needs it (null for none)"),
        Error::InvalidScalar { .. } => format!("`{found}` is not a whole number of 0 or more: write one, as in 100"),
        Error::InvalidBooleanStrict { .. } => format!("`{found}` is neither true nor false: write one of the two"),
        Error::NonFiniteFloat { value, .. } => {
            let value: String = value.chars().take(40).collect();
            format!("`{value}` reads as a number: put a ticker in quotes")
        }
        Error::Unexpected { expected: "mapping start", .. } => {
            format!("`{found}` is no mapping: `key: value` lines belong here")
        }
        Error::Unexpected { expected: "string scalar", .. } => format!("`{found}` is no text: a name belongs here"),
        Error::MergeKeyNotAllowed { .. } => "`<<` is not read: write the entries out".to_owned(),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => format!(
            "too much for a mapping file: at most one document, {MAX_NODES} nodes, {MAX_DEPTH} levels and \
             {MAX_ALIASES} aliases are read"
        ),
        Error::AliasError { error, .. } => message(error, found),
        Error::Message { msg, .. } => msg.clone(),
        other => format!("not read as YAML: {}", DefaultMessageFormatter.format_message(other)),
    }
}
