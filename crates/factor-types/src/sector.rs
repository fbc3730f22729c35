//! Sectors: what people and vendors call the eleven parts of the market for shares.

use crate::ClosedSet as _;

crate::closed_set! {
    /// A sector, as Morningstar and Financial Modeling Prep call it; further spellings are those of GICS and of people.
    pub enum Sector: "a sector" {
        /// Basic Materials.
        BasicMaterials = "Basic Materials" | "Materials",
        /// Communication Services.
        CommunicationServices = "Communication Services" | "Communications" | "Communication",
        /// Consumer Cyclical.
        ConsumerCyclical = "Consumer Cyclical" | "Consumer Discretionary",
        /// Consumer Defensive.
        ConsumerDefensive = "Consumer Defensive" | "Consumer Staples",
        /// Energy.
        Energy = "Energy",
        /// Financial Services.
        FinancialServices = "Financial Services" | "Financials" | "Financial" | "Finance",
        /// Healthcare.
        Healthcare = "Healthcare" | "Health Care",
        /// Industrials.
        Industrials = "Industrials" | "Industrial",
        /// Real Estate.
        RealEstate = "Real Estate" | "REITs" | "REIT",
        /// Technology.
        Technology = "Technology" | "Information Technology" | "Tech",
        /// Utilities.
        Utilities = "Utilities" | "Utility",
    }
}

impl Sector {
    /// The sector that people mean by a name, whatever its case and punctuation.
    pub fn named(text: &str) -> Option<Self> {
        let wanted: Vec<char> = plain(text).collect();
        let is = |name: &str| plain(name).eq(wanted.iter().copied());
        let further = Self::ALIASES.iter().find(|(alias, _)| is(alias)).map(|(_, name)| *name);
        Self::ALL.into_iter().find(|sector| further == Some(sector.as_str()) || is(sector.as_str()))
    }

    /// The sector of an industry, by the industry's name in company profiles.
    pub fn of_industry(industry: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sector| sector.industries().iter().any(|name| name.eq_ignore_ascii_case(industry)))
    }

    /// The industries of company profiles that it consists of.
    fn industries(self) -> &'static [&'static str] {
        match self {
            Self::BasicMaterials => &[
                "Steel",
                "Copper",
                "Gold",
                "Silver",
                "Industrial Materials",
                "Agricultural Inputs",
                "Paper, Lumber & Forest Products",
                "Chemicals",
                "Aluminum",
                "Other Precious Metals",
                "Construction Materials",
                "Chemicals - Specialty",
                "Packaging & Containers",
            ],
            Self::CommunicationServices => &[
                "Telecommunications Services",
                "Internet Content & Information",
                "Entertainment",
                "Electronic Gaming & Multimedia",
                "Advertising Agencies",
                "Broadcasting",
                "Media & Entertainment",
                "Publishing",
            ],
            Self::ConsumerCyclical => &[
                "Residential Construction",
                "Home Improvement",
                "Specialty Retail",
                "Leisure",
                "Gambling, Resorts & Casinos",
                "Restaurants",
                "Auto - Manufacturers",
                "Apparel - Retail",
                "Apparel - Manufacturers",
                "Apparel - Footwear & Accessories",
                "Auto - Dealerships",
                "Auto - Parts",
                "Auto - Recreational Vehicles",
                "Department Stores",
                "Furnishings, Fixtures & Appliances",
                "Luxury Goods",
                "Manufacturing - Textiles",
                "Personal Products & Services",
                "Travel Lodging",
                "Travel Services",
            ],
            Self::ConsumerDefensive => &[
                "Packaged Foods",
                "Household & Personal Products",
                "Agricultural Farm Products",
                "Beverages - Alcoholic",
                "Beverages - Non-Alcoholic",
                "Beverages - Wineries & Distilleries",
                "Discount Stores",
                "Food Confectioners",
                "Food Distribution",
                "Grocery Stores",
                "Tobacco",
            ],
            Self::Energy => &[
                "Oil & Gas Exploration & Production",
                "Oil & Gas Equipment & Services",
                "Oil & Gas Midstream",
                "Oil & Gas Integrated",
                "Oil & Gas Refining & Marketing",
                "Uranium",
                "Solar",
                "Coal",
                "Oil & Gas Drilling",
                "Oil & Gas Energy",
            ],
            Self::FinancialServices => &[
                "Banks - Regional",
                "Banks - Diversified",
                "Financial - Capital Markets",
                "Financial - Data & Stock Exchanges",
                "Financial - Credit Services",
                "Financial - Conglomerates",
                "Asset Management",
                "Insurance - Diversified",
                "Insurance - Property & Casualty",
                "Banks",
                "Financial - Diversified",
                "Financial - Mortgages",
                "Insurance - Brokers",
                "Insurance - Life",
                "Insurance - Reinsurance",
                "Insurance - Specialty",
                "Investment - Banking & Investment Services",
            ],
            Self::Healthcare => &[
                "Biotechnology",
                "Drug Manufacturers - General",
                "Drug Manufacturers - Specialty & Generic",
                "Medical - Devices",
                "Medical - Healthcare Plans",
                "Medical - Care Facilities",
                "Medical - Diagnostics & Research",
                "Medical - Distribution",
                "Medical - Equipment & Services",
                "Medical - Healthcare Information Services",
                "Medical - Instruments & Supplies",
                "Medical - Pharmaceuticals",
                "Medical - Specialties",
            ],
            Self::Industrials => &[
                "Aerospace & Defense",
                "Airlines, Airports & Air Services",
                "Railroads",
                "Trucking",
                "Waste Management",
                "Industrial - Pollution & Treatment Controls",
                "Electrical Equipment & Parts",
                "Industrial - Machinery",
                "Industrial - Specialties",
                "Engineering & Construction",
                "Agricultural - Machinery",
                "Business Equipment & Supplies",
                "Conglomerates",
                "Construction",
                "Consulting Services",
                "Environmental Services",
                "General Transportation",
                "Industrial - Capital Goods",
                "Industrial - Distribution",
                "Industrial - Infrastructure Operations",
                "Integrated Freight & Logistics",
                "Manufacturing - Metal Fabrication",
                "Manufacturing - Miscellaneous",
                "Manufacturing - Tools & Accessories",
                "Marine Shipping",
                "Rental & Leasing Services",
                "Security & Protection Services",
                "Specialty Business Services",
                "Staffing & Employment Services",
            ],
            Self::RealEstate => &[
                "REIT - Mortgage",
                "REIT - Residential",
                "REIT - Industrial",
                "REIT - Specialty",
                "REIT - Diversified",
                "REIT - Healthcare Facilities",
                "REIT - Hotel & Motel",
                "REIT - Office",
                "REIT - Retail",
                "Real Estate - Development",
                "Real Estate - Diversified",
                "Real Estate - General",
                "Real Estate - Services",
            ],
            Self::Technology => &[
                "Semiconductors",
                "Software - Application",
                "Software - Infrastructure",
                "Information Technology Services",
                "Communication Equipment",
                "Computer Hardware",
                "Consumer Electronics",
                "Hardware, Equipment & Parts",
                "Software - Services",
                "Technology Distributors",
            ],
            Self::Utilities => &[
                "Regulated Electric",
                "Renewable Utilities",
                "Diversified Utilities",
                "General Utilities",
                "Independent Power Producers",
                "Regulated Gas",
                "Regulated Water",
            ],
        }
    }
}

/// Letters and digits alone, small.
fn plain(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sector_has_the_names_of_both_classifications() {
        for (name, sector) in [
            ("Consumer Discretionary", Sector::ConsumerCyclical),
            ("consumer staples", Sector::ConsumerDefensive),
            (" health-care ", Sector::Healthcare),
            ("Information Technology", Sector::Technology),
            ("Financials", Sector::FinancialServices),
        ] {
            assert_eq!(Sector::named(name), Some(sector), "{name}");
        }
        assert_eq!(Sector::named("Biotechnology"), None, "an industry");
    }

    #[test]
    fn an_industry_is_of_one_sector() {
        assert_eq!(Sector::of_industry("Biotechnology"), Some(Sector::Healthcare));
        assert_eq!(Sector::of_industry("consumer electronics"), Some(Sector::Technology));
        assert_eq!(Sector::of_industry("momentum"), None);
        let all: Vec<&str> = Sector::ALL.iter().flat_map(|sector| sector.industries()).copied().collect();
        let distinct: std::collections::HashSet<&str> = all.iter().copied().collect();
        assert_eq!(all.len(), distinct.len());
    }
}
