//! The closed sets of the arguments: what a call may write, in the order in which it is advertised.

use factor_types::closed_set;

closed_set! {
    /// How correlations are measured.
    #[derive(Default)]
    pub(crate) enum CorrelationMethod: "a method of correlation" {
        #[default]
        Pearson = "pearson",
        Spearman = "spearman",
        /// With exponentially decaying weights.
        Ewma = "ewma",
        LedoitWolf = "ledoit_wolf",
    }
}

closed_set! {
    /// Which end of tables of performance stands first.
    #[derive(Default)]
    pub(crate) enum SortOrder: "an order of rows" {
        /// Highest first.
        #[default]
        Descending = "desc" | "descending",
        /// Lowest first: of drawdowns the deepest.
        Ascending = "asc" | "ascending",
    }
}

closed_set! {
    /// How the members of composites are weighted.
    pub(crate) enum CompositeWeighting: "a weighting method" {
        Equal = "equal",
        /// By market caps.
        Cap = "cap",
        /// By the weights that the call gives.
        Custom = "custom",
    }
}

closed_set! {
    /// How matrices are written.
    #[derive(Default)]
    pub(crate) enum MatrixFormat: "a form of matrices" {
        #[default]
        Nested = "nested",
        /// Lower triangles.
        Triangle = "triangle",
    }
}

closed_set! {
    /// In which order the columns of matrices stand.
    #[derive(Default)]
    pub(crate) enum MatrixOrder: "an order of matrices" {
        #[default]
        Universe = "universe",
        /// Like next to like.
        Cluster = "cluster",
    }
}
