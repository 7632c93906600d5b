use super::row::Row;
use crate::printable::Printable;
use crate::time::Utc;

/// A column of the table.
pub(crate) struct Column {
    /// Its title.
    pub(crate) title: &'static str,
    /// Never wider than this.
    pub(crate) most: usize,
    /// Its width, at least, as long as it is not known what will come.
    usual: usize,
    /// Where a terminal is too narrow for all: the width that it gives away last.
    enough: usize,
    /// The width that it keeps as long as there are 80 columns.
    least: usize,
}

/// Where the columns are in [`COLUMNS`].
pub(crate) mod at {
    pub(crate) const LINE: usize = 0;
    pub(crate) const KIND: usize = 1;
    pub(crate) const TYPE: usize = 2;
    pub(crate) const ID: usize = 3;
    pub(crate) const TIME: usize = 4;
    pub(crate) const PAYLOAD: usize = 7;
}

/// The columns of the table.
pub(crate) const COLUMNS: [Column; 8] = [
    column("line", 20, 5, 20, 20),
    column("kind", KIND, KIND, KIND, KIND),
    column("type", 32, 13, 13, 13),
    column("id", 40, 36, 13, 8),
    column("time", Utc::WIDTH, Utc::WIDTH, Utc::WIDTH, Utc::WIDTH),
    column("from", 32, 8, 8, 5),
    column("dest", 32, 8, 8, 5),
    column("payload", 24, 13, 11, 11),
];

/// The width of `transport`, and of `trans` where room is short.
const KIND: usize = 9;
const SHORT_KIND: usize = 5;

const fn column(
    title: &'static str,
    most: usize,
    usual: usize,
    enough: usize,
    least: usize,
) -> Column {
    Column {
        title,
        most,
        usual,
        enough,
        least,
    }
}

/// So many rows show what an input is like.
const MANY: usize = 100;

/// The widths of the columns and of the gaps between them. They are settled once, by what is there
/// to be seen at the start, so that rows can be shown as they come.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) widths: [usize; COLUMNS.len()],
    pub(crate) gap: usize,
}

impl Layout {
    /// A layout for the rows at the start of an input; `all` if there are no others. `width` is
    /// that of the terminal; without one there is room for everything.
    pub(crate) fn new<'a>(
        rows: impl Iterator<Item = Row<'a>>,
        all: bool,
        width: Option<usize>,
    ) -> Self {
        let mut widths = COLUMNS.each_ref().map(|column| column.title.len());
        let mut scratch = Printable::new();
        let mut seen = 0;
        for row in rows {
            seen += 1;
            for ((width, cell), column) in widths.iter_mut().zip(row).zip(&COLUMNS) {
                *width = cell.natural_width(column, &mut scratch).max(*width);
            }
        }
        if !all {
            for (width, column) in widths.iter_mut().zip(&COLUMNS) {
                // Many rows speak for those that will come.
                let least = if seen < MANY {
                    column.usual
                } else {
                    column.usual.min(column.enough)
                };
                *width = least.max(*width);
            }
        }
        let mut layout = Self { widths, gap: 2 };
        if let Some(width) = width {
            layout.fit(width);
        }
        layout
    }

    /// Gives up columns until it fits, what hurts least first.
    fn fit(&mut self, width: usize) {
        let natural = self.widths;
        self.shrink(width, |column| column.enough);
        if self.total() > width {
            self.gap = 1;
        }
        if self.total() > width {
            self.shorten(at::KIND, SHORT_KIND);
        }
        if self.total() > width {
            self.shorten(at::TIME, Utc::SHORT_WIDTH);
        }
        self.shrink(width, |column| column.least);
        self.shrink(width, |column| column.least / 2);
        // The last steps may have given up more than was needed.
        for index in [at::ID, at::TYPE, at::PAYLOAD] {
            let slack = width.saturating_sub(self.total());
            if let (Some(to), Some(natural)) = (self.widths.get_mut(index), natural.get(index)) {
                *to = (*to + slack).min(*natural);
            }
        }
    }

    /// The columns that a full row takes.
    fn total(&self) -> usize {
        let gaps = self.gap * (COLUMNS.len() - 1);
        self.widths.iter().sum::<usize>() + gaps
    }

    /// Takes from the column that has most above its floor, one at a time, until it fits or nothing
    /// is left to take.
    fn shrink(&mut self, width: usize, floor: impl Fn(&Column) -> usize) {
        while self.total() > width {
            let above =
                |(width, column): &(&mut usize, &Column)| width.saturating_sub(floor(column));
            let most = self.widths.iter_mut().zip(&COLUMNS).max_by_key(above);
            match most.filter(|most| above(most) > 0) {
                Some((width, _)) => *width -= 1,
                None => return,
            }
        }
    }

    fn shorten(&mut self, index: usize, to: usize) {
        if let Some(width) = self.widths.get_mut(index) {
            *width = to.min(*width);
        }
    }
}
