//! What a section says of itself.

use schemars::{Schema, SchemaGenerator};

use super::Section;
use crate::{
    analysis::{Analysis, AnalysisKind},
    answer::Fields,
    services::analysis::{
        answer::AnalysisAnswer,
        arguments::{ListSizes, Query},
        note::Note,
    },
};

/// Something with its place among what other sections have of the kind: lower numbers come first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<T> {
    pub(crate) at: u8,
    pub(crate) of: T,
}

/// A place.
pub(super) const fn at<T>(at: u8, of: T) -> Option<Place<T>> {
    Some(Place { at, of })
}

/// What a section puts into the full answer.
pub(crate) type Full = fn(&AnalysisAnswer, &mut Fields);

/// What it puts into a summary with lists of these lengths.
pub(crate) type Summary = fn(&AnalysisAnswer, ListSizes, &mut Fields);

/// What it writes into the report for people.
pub(crate) type Report = fn(&AnalysisAnswer, &mut String);

/// What it puts into the metadata or the timings.
pub(crate) type View = fn(&Analysis, &Query, &mut Fields);

/// How its figures are made: a name and the words, where the analysis has them.
pub(crate) type Convention = fn(&Analysis) -> Option<(&'static str, &'static str)>;

/// What has to be known of it.
pub(crate) type Notes = fn(&Analysis) -> Vec<Note>;

/// Why it is not there.
pub(crate) type Reason = fn(&Analysis) -> Option<&'static str>;

/// The schemas of its fields in the full answer.
pub(crate) type Schemas = fn(&mut SchemaGenerator) -> Vec<(&'static str, Schema)>;

/// A section, in every place of an answer where it has something to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spec {
    /// The analysis that has it; `None` for every one.
    pub(crate) kind: Option<AnalysisKind>,
    /// The section it is a part of.
    pub(crate) parent: Option<Section>,
    /// True for what is said of the whole answer, whatever is included: all of it has to be computed.
    pub(crate) of_the_whole: bool,
    /// True for what no full answer has: it has to be asked for by name.
    pub(crate) by_name_only: bool,
    /// Its fields in the full answer, or in that of its parent, with how their entries are cut.
    pub(crate) full: Place<Full>,
    /// Its fields in a summary.
    pub(crate) summary: Option<Place<Summary>>,
    /// Its part of the report for people.
    pub(crate) report: Option<Place<Report>>,
    /// What the metadata say of it.
    pub(crate) metadata: Option<Place<View>>,
    /// How its figures are made, for `conventions`: the name and the words.
    pub(crate) convention: Option<Place<Convention>>,
    /// How long it took.
    pub(crate) timings: Option<Place<View>>,
    /// What has to be known of it.
    pub(crate) notes: Option<Place<Notes>>,
    /// Why it is not there though it was to be computed.
    pub(crate) not_computed: Option<Place<Reason>>,
    /// True where a summary names it among what else can be had.
    pub(crate) more: fn(&Analysis) -> bool,
    /// Its fields that go when an answer is cut and shorter lists are not enough.
    pub(crate) goes: Option<Place<&'static [&'static str]>>,
    /// The schema of each of its fields in the full answer.
    pub(crate) schema: Schemas,
}

impl Spec {
    /// A section of one kind of analysis that stands in the full answer alone, at this place.
    pub(super) const fn of(kind: Option<AnalysisKind>, place: u8, full: Full, schema: Schemas) -> Self {
        Self {
            kind,
            parent: None,
            of_the_whole: false,
            by_name_only: false,
            full: Place { at: place, of: full },
            summary: None,
            report: None,
            metadata: None,
            convention: None,
            timings: None,
            notes: None,
            not_computed: None,
            more: |_| true,
            goes: None,
            schema,
        }
    }
}
