//! What was done, and by which conventions.

use schemars::json_schema;

use super::spec::{Spec, at};
use crate::{answer::Part, services::analysis::metadata};

pub(super) const SPEC: Spec = Spec {
    of_the_whole: true,
    goes: at(20, &["analysis_metadata"]),
    ..Spec::of(
        None,
        220,
        |answer, fields| {
            let metadata = metadata::of(&answer.analysis, &answer.query, &answer.source_choice);
            fields.put_part("analysis_metadata", Part::Fields(metadata));
        },
        |_| {
            let object = serde_json::json!({"type": "object"});
            let schema = json_schema!({
                "type": "object",
                "properties": {
                    "start_date": {"type": "string", "format": "date"},
                    "end_date": {"type": "string", "format": "date"},
                    "first_period": {"type": ["string", "null"], "format": "date"},
                    "last_period": {"type": ["string", "null"], "format": "date"},
                    "frequency": {"type": "string"},
                    "analysis_date": {"type": "string", "format": "date-time"},
                    "as_of": {"type": "string", "format": "date"},
                    "stale_days": {"type": "integer"},
                    "categories": {"type": "array", "items": {"type": "string"}},
                    "min_observations": {"type": "integer"},
                    "price_source": object,
                    "universe_source": object,
                    "universe_hash": {"type": "string"},
                    "labels": object,
                    "history": object,
                    "conventions": object,
                    "cache": object,
                    "lifecycle": object,
                    "version": {"type": "string"},
                    "receipt": {"type": "string"},
                },
                "required": ["start_date", "end_date", "frequency", "as_of", "labels", "history", "conventions", "version"],
                "additionalProperties": true,
            });
            vec![("analysis_metadata", schema)]
        },
    )
};
