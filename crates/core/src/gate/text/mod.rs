//! Facts and decisions as the text that is kept and hashed: JSON to the byte as `serde_json` writes it, in a fraction of its
//! time. Much of both is word for word the same for call after call; that text is remembered, and comparing is cheaper still
//! than writing.

mod decision;
mod facts;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use super::{CheckState, Effect, ReasonCode, Verdict, Words};
use crate::consent::{ConsentLevel, Element, Purpose};
use crate::evidence::{write_instant, write_number, write_text};
use crate::id::Id;
use crate::lead::StateCode;

/// What can be appended as JSON.
trait Written {
    /// Appends it.
    fn write(&self, out: &mut String);
}

impl Written for str {
    #[inline]
    fn write(&self, out: &mut String) {
        write_text(self, out);
    }
}

impl Written for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Written for u32 {
    fn write(&self, out: &mut String) {
        write_number(u64::from(*self), out);
    }
}

impl Written for Timestamp {
    fn write(&self, out: &mut String) {
        out.push('"');
        write_instant(*self, out);
        out.push('"');
    }
}

impl<T: Written> Written for Option<T> {
    #[inline]
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: Written> Written for Vec<T> {
    fn write(&self, out: &mut String) {
        out.push('[');
        for (place, value) in self.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            value.write(out);
        }
        out.push(']');
    }
}

impl Written for Words {
    #[inline]
    fn write(&self, out: &mut String) {
        write_text(self, out);
    }
}

/// What is a text, or one of a few fixed words.
macro_rules! text {
    ($($type:ty,)+) => {$(
        impl Written for $type {
            #[inline]
            fn write(&self, out: &mut String) {
                write_text(self.as_str(), out);
            }
        }
    )+};
}

text! {
    String, Id, StateCode, Purpose, ConsentLevel, Element, Verdict, Effect, CheckState, ReasonCode,
}

/// What is an object with every field in its place; one that is added is missed by the compiler.
macro_rules! object {
    ($type:ty { $first:ident $(, $field:ident)* $(,)? }) => {
        impl Written for $type {
            fn write(&self, out: &mut String) {
                let Self { $first $(, $field)* } = self;
                out.push_str(concat!("{\"", stringify!($first), "\":"));
                $first.write(out);
                $(
                    out.push_str(concat!(",\"", stringify!($field), "\":"));
                    $field.write(out);
                )*
                out.push('}');
            }
        }
    };
}
use object;

fn field(out: &mut String, key: &str, value: &impl Written) {
    out.push_str(key);
    value.write(out);
}
