//! What the answer rests on.

use super::{
    schemas,
    spec::{Spec, at},
};
use crate::services::analysis::quality::DataQuality;

pub(super) const SPEC: Spec = Spec {
    of_the_whole: true,
    goes: at(40, &["data_quality"]),
    ..Spec::of(
        None,
        200,
        |answer, fields| fields.put_parts("data_quality", &answer.quality),
        |generator| schemas::field::<DataQuality>("data_quality", generator),
    )
};
