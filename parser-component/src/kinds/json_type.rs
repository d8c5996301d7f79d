//! JSON Schemas of the types of fields.

/// A type of fields, as JSON Schema describes it.
pub(crate) trait JsonType {
    /// The name of the type.
    const NAME: &'static str;

    /// Whether `null` is a value too.
    const IS_NULLABLE: bool = false;

    /// Adds what else the schema says, each member after a comma.
    fn write_members(_text: &mut String) {}
}

/// Adds the members of a type's schema: `"type":["string","null"]`.
pub(crate) fn write_type<T: JsonType>(text: &mut String) {
    let name = T::NAME;
    text.push_str(&match T::IS_NULLABLE {
        true => format!("\"type\":[\"{name}\",\"null\"]"),
        false => format!("\"type\":\"{name}\""),
    });
    T::write_members(text);
}

impl JsonType for String {
    const NAME: &'static str = "string";
}

impl JsonType for bool {
    const NAME: &'static str = "boolean";
}

impl JsonType for f64 {
    const NAME: &'static str = "number";
}

impl JsonType for u32 {
    const NAME: &'static str = "integer";
}

impl JsonType for u64 {
    const NAME: &'static str = "integer";
}

impl JsonType for i64 {
    const NAME: &'static str = "integer";
}

impl<T: JsonType> JsonType for Option<T> {
    const NAME: &'static str = T::NAME;
    const IS_NULLABLE: bool = true;

    fn write_members(text: &mut String) {
        T::write_members(text);
    }
}

impl<T: JsonType> JsonType for Vec<T> {
    const NAME: &'static str = "array";

    fn write_members(text: &mut String) {
        text.push_str(",\"items\":{");
        write_type::<T>(text);
        text.push('}');
    }
}

impl<T: JsonType, const COUNT: usize> JsonType for [T; COUNT] {
    const NAME: &'static str = "array";

    fn write_members(text: &mut String) {
        Vec::<T>::write_members(text);
    }
}
