//! Timings and sizes.

use schemars::json_schema;

use super::spec::{Spec, at};
use crate::{answer::Part, services::analysis::metadata};

pub(super) const SPEC: Spec = Spec {
    more: |_| false,
    goes: at(10, &["performance"]),
    ..Spec::of(
        None,
        210,
        |answer, fields| {
            fields.put_part("performance", Part::Fields(metadata::timings(&answer.analysis, &answer.query)));
        },
        |_| {
            let schema = json_schema!({
                "type": "object",
                "properties": {
                    "returns_panel_build_ms": {"type": "number"},
                    "factors_count_total": {"type": "integer"},
                    "factors_count_per_category": {"type": "object", "additionalProperties": {"type": "integer"}},
                    "sections_computed": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["returns_panel_build_ms", "factors_count_total", "factors_count_per_category", "sections_computed"],
                "additionalProperties": true,
            });
            vec![("performance", schema)]
        },
    )
};
