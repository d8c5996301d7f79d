//! Fields of an app that are lists or objects, and those that are worked out.

use std::ops::ControlFlow;

use playfast_guest::json::{Kind as Json, ReadError, Reader, Writer};
use playfast_guest::url;

object! {
    /// A category or a tag.
    Category {
        name: Option<String>, "Name";
        id: Option<String>, "Category; null for a tag";
    }
}

object! {
    /// Permissions of one group.
    PermissionGroup {
        group: Option<String>, "Name; null without a group";
        permissions: Vec<String>, "What they allow";
    }
}

object! {
    /// What becomes of users' data.
    DataSafety {
        shared: Vec<UsedData>, "What is shared with others";
        collected: Vec<UsedData>, "What is collected";
        practices: Vec<Practice>, "How it is kept";
    }
}

object! {
    /// A kind of data that is shared or collected.
    UsedData {
        r#type: Option<String>, "Its category, such as location";
        data: Option<String>, "What it is";
        optional: bool, "Whether giving it is optional";
        purpose: Option<String>, "What it is used for";
    }
}

object! {
    /// How data is kept.
    Practice {
        practice: Option<String>, "What is done";
        description: Option<String>, "In more words";
    }
}

/// How many stars were given how often, from one star to five.
pub(super) fn histogram(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    let Some(stars) = first(values).filter(|stars| { *stars }.kind() == Ok(Json::Array)) else {
        writer.null();
        return Ok(());
    };
    writer.array(|writer| {
        for star in 1..=5 {
            let count = stars.get(&[star, 1])?.and_then(Reader::number);
            writer.number(count.unwrap_or("0"));
        }
        Ok(())
    })
}

/// Whether the price is nothing; unknown where there is no price.
pub(super) fn free(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    match first(values).and_then(Reader::number) {
        Some(price) => writer.bool(price.parse() == Ok(0.0)),
        None => writer.null(),
    }
    Ok(())
}

/// The id in the link to the developer's page: a number, or a name.
pub(super) fn developer_id(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    match first(values).and_then(Reader::text).and_then(|link| url::param(&link, "id")) {
        Some(id) => writer.string(&id),
        None => writer.null(),
    }
    Ok(())
}

/// The tuples below the first value, else the genre, the second.
pub(super) fn categories(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    let [all, genre] = values else {
        return Ok(());
    };
    writer.array(|writer| {
        let found = match all {
            Some(all) => category(&mut { *all }, writer, 0)?,
            None => false,
        };
        match genre {
            Some(genre) if !found => write_category(*genre, writer),
            _ => Ok(()),
        }
    })
}

/// Categories stand up to five arrays deep; a hostile page may nest further.
const CATEGORY_DEPTH: u8 = 8;

/// Writes every tuple of four or more with a string head: a category. Says whether there was one.
fn category(value: &mut Reader<'_>, writer: &mut Writer, depth: u8) -> Result<bool, ReadError> {
    if value.kind()? != Json::Array || depth > CATEGORY_DEPTH {
        return Ok(false);
    }
    let tuple = *value;
    if tuple.get(&[0])?.is_some_and(Reader::is_text) && tuple.slot_count()? >= 4 {
        write_category(tuple, writer)?;
        return Ok(true);
    }
    let mut found = false;
    tuple.clone().elements(|_, inner| {
        found |= category(&mut { *inner }, writer, depth + 1)?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

fn write_category(tuple: Reader<'_>, writer: &mut Writer) -> Result<(), ReadError> {
    let (name, id) = (tuple.get(&[0])?, tuple.get(&[2])?);
    writer.object(|writer| {
        writer.key("name").decoded_text(name);
        writer.key("id").copy_text(id);
    });
    Ok(())
}

/// Groups of permissions, further groups, and permissions without a group.
pub(super) fn permissions(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    let Some(all) = first(values) else {
        writer.null();
        return Ok(());
    };
    writer.array(|writer| {
        for slot in [0, 1] {
            each(all.get(&[slot])?, |group| permission_group(group.get(&[0])?, group.get(&[2])?, writer))?;
        }
        match all.get(&[2])? {
            Some(ungrouped) => permission_group(None, Some(ungrouped), writer),
            None => Ok(()),
        }
    })
}

fn permission_group(
    name: Option<Reader<'_>>,
    permissions: Option<Reader<'_>>,
    writer: &mut Writer,
) -> Result<(), ReadError> {
    writer.object(|writer| {
        writer.key("group").copy_text(name);
        writer.key("permissions").array(|writer| {
            each(permissions, |permission| {
                if let Some(text) = permission.get(&[1])?.and_then(Reader::text) {
                    writer.string(&text);
                }
                Ok(())
            })
        })
    })
}

/// What is shared, what is collected, and how it is kept.
pub(super) fn data_safety(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    let [shared, collected, practices] = values else {
        return Ok(());
    };
    if values.iter().all(Option::is_none) {
        writer.null();
        return Ok(());
    }
    writer.object(|writer| {
        for (name, categories) in [("shared", shared), ("collected", collected)] {
            used_data(*categories, writer.key(name))?;
        }
        kept_how(*practices, writer.key("practices"))
    })
}

/// The kinds of data of these categories.
pub(in crate::kinds) fn used_data(categories: Option<Reader<'_>>, writer: &mut Writer) -> Result<(), ReadError> {
    writer.array(|writer| each(categories, |category| data_category(category, writer)))
}

/// How data is kept.
pub(in crate::kinds) fn kept_how(practices: Option<Reader<'_>>, writer: &mut Writer) -> Result<(), ReadError> {
    writer.array(|writer| {
        each(practices, |practice| {
            let (name, description) = (practice.get(&[1])?, practice.get(&[2, 1])?);
            writer.object(|writer| {
                writer.key("practice").copy_text(name);
                writer.key("description").copy_text(description);
            });
            Ok(())
        })
    })
}

/// The kinds of data of one category: name, whether giving it is optional, and purposes.
fn data_category(category: Reader<'_>, writer: &mut Writer) -> Result<(), ReadError> {
    let title = category.get(&[0, 1])?;
    each(category.get(&[4])?, |data| {
        let (name, optional, purpose) = (data.get(&[0])?, data.get(&[1])?, data.get(&[2])?);
        writer.object(|writer| {
            writer.key("type").copy_text(title);
            writer.key("data").copy_text(name);
            writer.key("optional").bool(optional.is_some_and(Reader::truthy));
            writer.key("purpose").copy_text(purpose);
        });
        Ok(())
    })
}

fn first<'a>(values: &[Option<Reader<'a>>]) -> Option<Reader<'a>> {
    values.iter().find_map(|value| *value)
}

/// Visits copies of an array's elements.
fn each<'a>(
    array: Option<Reader<'a>>,
    mut visit: impl FnMut(Reader<'a>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let Some(mut array) = array else {
        return Ok(());
    };
    array.elements(|_, element| {
        visit(*element)?;
        Ok(ControlFlow::Continue(()))
    })
}
