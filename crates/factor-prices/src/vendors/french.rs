//! Kenneth French's data library, a zip a file. No key.
//!
//! The base URL is the folder that holds the files.

use super::{Names, VendorConfig};
use crate::{
    PriceError,
    french::{Dataset, FactorTable, library},
    upstream::{ConfigError, ResponseError, Upstream, UpstreamRequest, UpstreamStats},
};

/// The library's address.
pub const BASE_URL: &str = "https://mba.tuck.dartmouth.edu/pages/faculty/ken.french/ftp";
/// Far above what is asked: a file a month each.
pub const REQUESTS_PER_MINUTE: u32 = 30;

const IN_FLIGHT: usize = 2;

/// The library's site.
#[derive(Debug)]
pub struct FrenchSite {
    upstream: Upstream,
}

impl FrenchSite {
    /// A client. Nothing is sent yet.
    ///
    /// # Errors
    /// When the base URL cannot be used.
    pub fn new(config: VendorConfig) -> Result<Self, ConfigError> {
        let names = Names { vendor: "Kenneth French's library", base_setting: "FRENCH_BASE_URL", key_setting: None };
        Ok(Self { upstream: Upstream::new(config.upstream(names, None, IN_FLIGHT))? })
    }

    /// From now on nothing is asked.
    pub fn close(&self) {
        self.upstream.close();
    }

    /// The state and counts of the server.
    pub fn stats(&self) -> UpstreamStats {
        self.upstream.stats()
    }

    /// A file as it came, and what it holds.
    ///
    /// # Errors
    /// When it could not be had after the retries, or is not what it should be.
    pub(crate) async fn fetch(&self, dataset: Dataset) -> Result<(Vec<u8>, FactorTable), PriceError> {
        let (archive, subject) = (dataset.archive_name(), dataset.name());
        let ask = UpstreamRequest { path: &[&archive], query: &[], subject: &subject };
        let found = self.upstream.get(ask, |reply| {
            if reply.is_html() {
                return Err(ResponseError::NotData("a page of HTML"));
            }
            let bytes = reply.bytes();
            match library::read(bytes, dataset) {
                Ok(table) => Ok((bytes.to_vec(), table)),
                // A zip that is cut off is asked for once more.
                Err(why) if why.contains("no whole zip") => Err(ResponseError::NotData("a zip that is cut off")),
                Err(why) => Err(ResponseError::Unusable(why)),
            }
        });
        Ok(found.await?)
    }
}
