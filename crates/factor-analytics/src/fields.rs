//! Equality and hashing by fields, floating-point numbers by their bits.
//!
//! Plans are keys of caches: two are the same when nothing in them could make a difference to a result, so 0 and -0 are
//! two, and a number is always equal to itself.

/// Implements `PartialEq`, `Eq` and `Hash` by what a method `fields` gives. That method takes its type apart without `..`,
/// so that a new field cannot be forgotten.
macro_rules! eq_and_hash_by_fields {
    ($type:ty) => {
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.fields() == other.fields()
            }
        }

        impl Eq for $type {}

        impl std::hash::Hash for $type {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.fields().hash(state);
            }
        }
    };
}

pub(crate) use eq_and_hash_by_fields;
