//! An analysis with the call it answers: what every form of the answer is rendered from.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use factor_analytics::report::{CorrelationReport, ReturnsReport};
use factor_types::UserId;
use indexmap::IndexMap;
use tokio_util::sync::CancellationToken;

use super::{
    arguments::Query,
    note::Note,
    quality::DataQuality,
    sections::{Section, gone_first, placed},
    summary, text,
};
use crate::{
    analysis::{Analysis, Report},
    answer::{Fields, Frame, Limit, NotePlace, Part, Rendered, Room, Rounding, receipt::Draft},
    arguments::said_of_unknown,
    results::{Later, ResultStore},
    services::common_args::Format,
    tool_error::ToolError,
};

/// Where among the sections' notes the one on a regime stands.
const REGIME: u8 = 50;

/// A finished analysis, what it rests on, and what was asked for.
#[derive(Debug)]
pub(crate) struct AnalysisAnswer {
    pub(super) analysis: Analysis,
    pub(super) query: Query,
    pub(super) quality: DataQuality,
    /// Why the price source is the one it is.
    pub(super) source_choice: String,
    /// Cancelled when nobody waits for it any more: then no further section is written.
    pub(super) cancel: CancellationToken,
    /// What was said already of a matrix with lists of a length: a summary is written anew until it fits, and a wide matrix has
    /// millions of pairs to look at.
    said: Mutex<HashMap<(String, usize), Part>>,
    /// What it is made of, where it says so.
    pub(super) receipt: Option<Arc<Draft>>,
}

/// How much of each part is written, and for whom: once that is cancelled no further section is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writing<'a> {
    room: Room,
    cancel: &'a CancellationToken,
}

impl Query {
    /// How full answers are rounded.
    pub(super) fn rounding(&self) -> Rounding {
        Rounding::Significant(self.common.precision)
    }

    /// What is said of names that no section and no field has.
    fn said_of_unknown(&self) -> impl Iterator<Item = String> {
        let sections = said_of_unknown("include", &self.invalid_sections, &Section::NAMES);
        sections.into_iter().chain(self.fields.said_of_unknown())
    }
}

impl AnalysisAnswer {
    /// An analysis as the answer to `query`.
    pub(super) fn new(analysis: Analysis, query: Query, source_choice: String, cancel: CancellationToken) -> Self {
        let quality = DataQuality::of(&analysis, &query);
        Self { analysis, query, quality, source_choice, cancel, said: Mutex::default(), receipt: None }
    }

    /// What is said of a matrix with lists of so many pairs, worked out once.
    pub(super) fn said_of(&self, matrix: &str, size: usize, say: impl FnOnce() -> Part) -> Part {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.entry((matrix.to_owned(), size)).or_insert_with(say).clone()
    }

    /// The report of correlations, if it is one.
    pub(super) fn correlations(&self) -> Option<&CorrelationReport> {
        match self.analysis.report() {
            Report::Correlations(report) => Some(report),
            Report::Performance(_) | Report::Returns(_) => None,
        }
    }

    /// The report of returns, if it is one.
    pub(super) fn returns(&self) -> Option<&ReturnsReport> {
        match self.analysis.report() {
            Report::Returns(report) => Some(report),
            Report::Correlations(_) | Report::Performance(_) => None,
        }
    }

    /// True for a summary or a report.
    pub(super) fn is_short(&self) -> bool {
        self.query.include.is_none() && self.query.common.format != Format::Full
    }

    /// True for an answer with `analysis_metadata`.
    pub(super) fn has_metadata(&self) -> bool {
        let named = self.query.include.as_ref();
        named.map_or(self.query.common.format == Format::Full, |sections| sections.contains(&Section::Metadata))
    }

    /// True when no price and no section is missing for want of time.
    pub(super) fn is_whole(&self) -> bool {
        self.analysis.prepared.complete && self.analysis.report().skipped().is_empty()
    }

    /// The answer as it leaves: in the form asked for, no longer than asked for.
    ///
    /// # Errors
    /// When the call was given up meanwhile.
    pub(super) fn rendered(self: &Arc<Self>, store: &ResultStore, user: UserId) -> Result<Rendered, ToolError> {
        let is_summary = self.query.include.is_none() && self.query.common.format == Format::Summary;
        let limit = if is_summary { summary::limit(&self.query) } else { Limit::of(self.query.common.max_chars) };
        let (body, report) = match (&self.query.include, self.query.common.format) {
            (None, Format::Summary) => (summary::of(self), None),
            (None, Format::Report) => {
                let report = text::report(self);
                (self.with_report(&report), Some(report))
            }
            (Some(_), _) | (None, Format::Full) => (self.sections(self.writing(limit.room())), None),
        };
        if self.cancel.is_cancelled() {
            return Err(ToolError::cancelled());
        }
        let fitted = self.frame().fitting(body, limit, gone_first(), (store, user), Some(self.later()));
        Ok(match report {
            Some(report) => fitted.reported(&report),
            None => fitted.with_json_text(|| summary::of(self)),
        })
    }

    /// The same whole, for whoever reads what a cut answer left out.
    fn later(self: &Arc<Self>) -> Later {
        let answer = Arc::clone(self);
        let write = move || {
            // Whoever reads it later is not the caller, whose call is over by then.
            let whole = Writing { room: Room::ALL, cancel: &CancellationToken::new() };
            answer.frame().around(answer.sections(whole)).text()
        };
        Later { bytes: self.analysis.report().bytes() as u64, write: Arc::new(write) }
    }

    /// For the caller.
    pub(super) fn writing(&self, room: Room) -> Writing<'_> {
        Writing { room, cancel: &self.cancel }
    }

    /// The sections asked for.
    fn sections(&self, writing: Writing<'_>) -> Fields {
        match &self.query.include {
            Some(include) => self.by_name(include, writing),
            None => self.full(writing),
        }
    }

    /// Every section that was computed; of a call that was given up those before that.
    pub(super) fn full(&self, writing: Writing<'_>) -> Fields {
        let mut fields = Fields::rounded(self.query.rounding()).within(writing.room);
        if let Some(report) = self.returns() {
            fields.put_whole("windows", &report.windows.keys().collect::<Vec<_>>());
            summary::put_window_dates(self, &mut fields);
        }
        let standing = placed(|spec| (spec.parent.is_none() && !spec.by_name_only).then_some(spec.full));
        for (section, put) in standing.into_iter().take_while(|_| !writing.cancel.is_cancelled()) {
            if section.spec().kind.is_none_or(|kind| kind == self.analysis.kind()) {
                put(self, &mut fields);
            }
        }
        fields
    }

    /// The sections named, after what they are of.
    fn by_name(&self, include: &[Section], writing: Writing<'_>) -> Fields {
        let mut fields = Fields::rounded(self.query.rounding());
        if !include.is_empty() {
            summary::put_dates(self, &mut fields);
        }
        fields.extend(self.included(include, writing));
        fields
    }

    /// The sections named and no other; parts of `overlays` come back nested in one `overlays` object.
    pub(super) fn included(&self, include: &[Section], writing: Writing<'_>) -> Fields {
        let mut fields = Fields::rounded(self.query.rounding()).within(writing.room);
        for section in include.iter().take_while(|_| !writing.cancel.is_cancelled()) {
            let spec = section.spec();
            let put = spec.full.of;
            let Some(parent) = spec.parent else {
                put(self, &mut fields);
                continue;
            };
            let mut part = Fields::rounded(self.query.rounding()).within(writing.room);
            put(self, &mut part);
            let name = parent.as_str();
            let there = match fields.get(name) {
                Some(Part::Fields(all)) => part.names().any(|name| all.get(name).is_some()),
                _ => false,
            };
            if part.is_empty() || there {
                continue;
            }
            let mut all = match fields.take(name) {
                Some(Part::Fields(all)) => all,
                _ => Fields::rounded(self.query.rounding()),
            };
            all.extend(part);
            fields.put_part(name, Part::Fields(all));
        }
        fields
    }

    /// What goes with the report, and the report.
    fn with_report(&self, report: &str) -> Fields {
        let mut fields = Fields::rounded(summary::ROUNDING);
        fields.put("as_of", &self.analysis.study.panel().as_of());
        fields.put_parts("data_quality", &self.quality.short());
        fields.put("formatted_report", report);
        fields
    }

    /// What stands around the body.
    pub(super) fn frame(&self) -> Frame {
        let notes = self.notes().into_iter().map(|note| note.to_string());
        // An answer that has not one section has nothing to warn of.
        let has_sections = self.query.include.as_ref().is_none_or(|named| !named.is_empty());
        let (not_analysed, warnings) =
            if has_sections { (self.quality.not_analysed(), self.quality.warnings()) } else { Default::default() };
        Frame {
            not_analysed,
            warnings,
            analysis_type: Some(self.query.request.kind.as_str()),
            notes: self
                .query
                .said_of_unknown()
                .chain(self.query.common.notes.iter().map(ToString::to_string))
                .chain(notes)
                .collect(),
            notes_at: NotePlace::First,
            invalid_sections: self.query.invalid_sections.clone(),
            invalid_fields: self.query.fields.invalid.clone(),
            not_computed: self.not_computed(),
            receipt: self.receipt.clone(),
        }
    }

    /// What has to be known of the sections, and of the regime they are of.
    fn notes(&self) -> Vec<Note> {
        let of = |before: bool| {
            let sections = placed(|spec| spec.notes.filter(|place| (place.at < REGIME) == before));
            sections.into_iter().flat_map(|(_, notes)| notes(&self.analysis))
        };
        let on_the_order = Note::on_the_order(&self.analysis, &self.query.request.plan);
        let late = Note::on_late_windows(&self.analysis);
        let on_losses = Note::on_losses(&self.analysis);
        let included = self.query.include.as_deref().filter(|_| self.query.common.picked.is_some());
        let apart = Note::on_sections_apart(included.unwrap_or_default());
        let on_the_benchmark = Note::on_the_benchmark(&self.analysis, &self.query.request.benchmark)
            .filter(|_| self.query.fields.is_of_benchmark());
        let first = Note::on_the_end(&self.analysis).into_iter().chain(late).chain(on_the_order).chain(on_losses);
        let first = first.chain(apart).chain(on_the_benchmark);
        first.chain(of(true)).chain(Note::on_regime(&self.analysis)).chain(of(false)).collect()
    }

    /// Sections asked for and not given, with what to do about each.
    fn not_computed(&self) -> IndexMap<String, String> {
        let refused = self.query.sections.not_computed.iter();
        let mut reasons: IndexMap<String, String> =
            refused.map(|(name, why)| ((*name).to_owned(), why.clone())).collect();
        for name in self.analysis.report().skipped() {
            reasons.insert(name.clone(), "the time for computing was used up; ask for fewer sections".to_owned());
        }
        for (section, reason) in placed(|spec| spec.not_computed) {
            if self.query.sections.has(section)
                && let Some(reason) = reason(&self.analysis)
            {
                reasons.entry(section.as_str().to_owned()).or_insert_with(|| reason.to_owned());
            }
        }
        reasons
    }
}
