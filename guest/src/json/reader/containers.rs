//! Elements of arrays and members of objects.
//!
//! Protobuf messages written as JSON arrays are read by one rule at every depth: slot *i* is the element at *i*, else member *i + 1* of an
//! object that ends the array (a sparse tail).

use std::ops::ControlFlow;

use super::{Kind, ReadError, Reader, unescape};

/// The slot to ask for where only a sparse tail is wanted any more.
pub(in crate::json) const SPARSE_TAIL: usize = usize::MAX;

impl<'a> Reader<'a> {
    /// Visits the elements of the array that comes next with their slots, and a sparse tail's members with theirs, of which each is
    /// visited whatever `visit` says of the one before. What is `null` is absent and not visited; an element that `visit` leaves unread is
    /// skipped; anything but an array has no elements.
    ///
    /// # Errors
    /// What `visit` says, or when the text ends in the array, or it isn't JSON.
    pub fn elements(
        &mut self,
        mut visit: impl FnMut(usize, &mut Self) -> Result<ControlFlow<()>, ReadError>,
    ) -> Result<(), ReadError> {
        self.slots(0, |slot, reader| match reader {
            Some(reader) => Ok((visit(slot, reader)? == ControlFlow::Continue(())).then_some(slot + 1)),
            None => Ok(Some(slot + 1)),
        })
    }

    /// Visits the element in slot `first` of the array that comes next, then each time the one in the later slot that `visit` asks for, or
    /// none where that is `null`; and all members of the sparse tail, where that is come to. What stands between is skipped at once.
    pub(in crate::json) fn slots(
        &mut self,
        first: usize,
        mut visit: impl FnMut(usize, Option<&mut Self>) -> Result<Option<usize>, ReadError>,
    ) -> Result<(), ReadError> {
        if self.token()? != b'[' {
            return self.skip();
        }
        self.at += 1;
        // The slot of the element that the cursor stands before.
        let mut slot = 0;
        let mut next = Some(first);
        while let Some(wanted) = next {
            let step = self.text.step(self.at, wanted - slot)?;
            self.at = step.at;
            slot += step.over;
            let token = self.token()?;
            let before = self.at;
            match token {
                b']' => {
                    self.at += 1;
                    return Ok(());
                }
                b'n' => next = visit(slot, None)?,
                b'{' if self.is_last()? => {
                    self.tail(&mut visit)?;
                    next = None;
                }
                _ if slot < wanted => self.skip()?,
                _ => next = visit(slot, Some(self))?,
            }
            if self.at != before {
                slot += 1;
                self.element_end()?;
            }
        }
        self.at = self.text.close(self.at)?;
        Ok(())
    }

    /// Visits the elements of the array that comes next, `null` or not, where an object at its end is an element as any other: the arrays
    /// of JSON as most sites write it. An element that `visit` leaves unread is skipped; anything but an array has no elements.
    ///
    /// # Errors
    /// As [`Reader::elements`].
    pub fn items(
        &mut self,
        mut visit: impl FnMut(&mut Self) -> Result<ControlFlow<()>, ReadError>,
    ) -> Result<(), ReadError> {
        if self.kind()? != Kind::Array {
            return self.skip();
        }
        self.at += 1;
        while self.token()? != b']' {
            let before = self.at;
            if visit(self)? == ControlFlow::Break(()) {
                self.at = self.text.close(self.at)?;
                return Ok(());
            }
            if self.at == before {
                self.skip()?;
            }
            self.element_end()?;
        }
        self.at += 1;
        Ok(())
    }

    /// How many slots the array that comes next fills, `null` or not, those of a sparse tail included. Of anything else it is none.
    ///
    /// # Errors
    /// As [`Reader::elements`].
    pub fn slot_count(mut self) -> Result<usize, ReadError> {
        let mut count = 0;
        self.slots(0, |slot, _| {
            count = count.max(slot + 1);
            Ok(Some(slot + 1))
        })?;
        Ok(count)
    }

    /// Moves past the comma after an element, or stands before the bracket.
    #[inline(always)]
    fn element_end(&mut self) -> Result<(), ReadError> {
        match self.token()? {
            b',' => self.at += 1,
            b']' => {}
            _ => return Err(self.malformed()),
        }
        Ok(())
    }

    /// Whether the element that comes next is its array's last.
    #[inline(never)]
    fn is_last(mut self) -> Result<bool, ReadError> {
        self.skip()?;
        Ok(self.token()? == b']')
    }

    /// Visits the members of a sparse tail: member *i + 1* is slot *i*.
    #[inline(never)]
    fn tail(
        &mut self,
        visit: &mut impl FnMut(usize, Option<&mut Self>) -> Result<Option<usize>, ReadError>,
    ) -> Result<(), ReadError> {
        self.members(|key, reader| {
            let slot = key.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            if let Some(slot) = slot.filter(|_| reader.kind() != Ok(Kind::Null)) {
                visit(slot, Some(reader))?;
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Visits the members of the object that comes next with their keys, as [`Reader::elements`] does those of an array.
    ///
    /// # Errors
    /// As [`Reader::elements`].
    pub fn members(
        &mut self,
        mut visit: impl FnMut(&str, &mut Self) -> Result<ControlFlow<()>, ReadError>,
    ) -> Result<(), ReadError> {
        if self.kind()? != Kind::Object {
            return self.skip();
        }
        self.at += 1;
        while self.more()? {
            self.token()?;
            let key = self.string().map(|raw| unescape(raw, self.text.nesting))?;
            if self.token()? != b':' {
                return Err(self.malformed());
            }
            self.at += 1;
            self.token()?;
            let before = self.at;
            if visit(&key, self)? == ControlFlow::Break(()) {
                self.at = self.text.close(self.at)?;
                return Ok(());
            }
            if self.at == before {
                self.skip()?;
            }
        }
        Ok(())
    }

    /// Whether the object that was entered has another member; stands before it, or after the object.
    fn more(&mut self) -> Result<bool, ReadError> {
        let token = self.token()?;
        self.at += usize::from(matches!(token, b'}' | b','));
        Ok(token != b'}')
    }

    /// The value at a path of slots below the one that comes next, which is not moved past. `None`: there is none, or it is `null`.
    ///
    /// # Errors
    /// When the text ends before the value is found, or isn't JSON.
    pub fn get(mut self, path: &[u16]) -> Result<Option<Self>, ReadError> {
        let Some((first, rest)) = path.split_first() else {
            return Ok((self.kind()? != Kind::Null).then_some(self));
        };
        let mut found = None;
        self.slot(*first, |reader| {
            found = reader.get(rest)?;
            Ok(())
        })?;
        Ok(found)
    }

    /// Visits the element in one slot, and moves past the array.
    fn slot(
        &mut self,
        wanted: u16,
        mut visit: impl FnMut(&mut Self) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let wanted = usize::from(wanted);
        self.slots(wanted, |slot, reader| match reader {
            Some(reader) if slot == wanted => visit(reader).map(|()| None),
            Some(_) => Ok(None),
            None => Ok(Some(SPARSE_TAIL)),
        })
    }

    /// Lets `visit` read the value at a path of slots below the one that comes next, and moves past the whole. Where there is no such
    /// value, or it is `null`, `visit` isn't called.
    ///
    /// # Errors
    /// As [`Reader::elements`].
    pub fn at(
        &mut self,
        path: &[u16],
        visit: &mut dyn FnMut(&mut Self) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let Some((first, rest)) = path.split_first() else {
            return if self.kind()? == Kind::Null { self.skip() } else { visit(self) };
        };
        self.slot(*first, |reader| reader.at(rest, visit))
    }

    /// The value of the member `key` of the object that comes next, which is not moved past. `None`: there is none, or it is `null`.
    ///
    /// # Errors
    /// As [`Reader::get`].
    pub fn member(mut self, key: &str) -> Result<Option<Self>, ReadError> {
        let mut found = None;
        self.members(|name, reader| {
            if name == key {
                found = reader.get(&[])?;
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }
}
