//! The YAML tier: the files of a folder, or those built into the binary.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use factor_types::SourceTier;

use super::{MappingError, MappingSource, yaml_forms};
use crate::{MappingKind, ProxyRow, yaml};

/// YAML mappings. A file that the folder does not have is the one built in: who gives one file means to say what is in
/// that one. A folder that is not there has no files, which is an error: its name may be mistyped.
#[derive(Debug, Clone, Copy, Default)]
pub struct YamlSource<'a> {
    dir: Option<&'a Path>,
}

impl<'a> YamlSource<'a> {
    /// The files of `dir`, or those built into the binary.
    pub fn new(dir: Option<&'a Path>) -> Self {
        Self { dir }
    }
}

impl MappingSource for YamlSource<'_> {
    fn tier(&self) -> SourceTier {
        SourceTier::Yaml
    }

    fn rows(&self, kind: MappingKind) -> Result<Vec<ProxyRow>, MappingError> {
        match self.dir {
            None => rows_of(kind, format!("built-in {}", kind.file_name()), embedded(kind).as_bytes()),
            Some(dir) => match read_mapping(kind, &dir.join(kind.file_name())) {
                Err(error) if error.is_missing() && dir.is_dir() => Self::default().rows(kind),
                read => read,
            },
        }
    }
}

/// The rows of a YAML file of one kind, wherever it is and whatever its name.
///
/// # Errors
/// When it cannot be read, or is wrong: with its line and column.
pub fn read_mapping(kind: MappingKind, path: &Path) -> Result<Vec<ProxyRow>, MappingError> {
    let file = path.display().to_string();
    match read(path) {
        Ok(text) => rows_of(kind, file, &text),
        Err(cause) => Err(MappingError::Unreadable { file, cause }),
    }
}

fn rows_of(kind: MappingKind, file: String, text: &[u8]) -> Result<Vec<ProxyRow>, MappingError> {
    yaml_forms::rows(kind, text).map_err(|refusal| MappingError::Refused {
        file,
        line: refusal.line,
        column: refusal.column,
        message: refusal.message,
    })
}

/// The text of a shipped file.
fn embedded(kind: MappingKind) -> &'static str {
    match kind {
        MappingKind::AssetProxies => include_str!("../../../../proxies/asset_etf_proxies.yaml"),
        MappingKind::Industries => include_str!("../../../../proxies/industry_to_etf.yaml"),
        MappingKind::StyleAndMarket => include_str!("../../../../proxies/style_and_market.yaml"),
    }
}

/// At most one byte more than is allowed, so that a huge file costs no memory and is still known to be too large.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    // Asked before opening: to open a named pipe would wait for a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    let mut text = Vec::new();
    fs::File::open(path)?.take(yaml::MAX_BYTES as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}
