//! Plot of a field over time as SVG, with a line for each series. Its colours are variables of the page's style.

use std::time::{Duration, SystemTime};

use plotters::prelude::*;
use plotters::style::RGBColor;

use super::text::{POSITION, number};
use crate::output::database::Series;

/// Size of a plot; the page scales it.
const WIDTH: u32 = 900;
const HEIGHT: u32 = 320;

/// Range of values below which labels need a third decimal.
const SMALL_RANGE: f64 = 0.1;

/// Colours that the page's style sets, by the variables' names.
const INK: (RGBColor, &str) = (RGBColor(1, 1, 1), "--ink");
const GRID: (RGBColor, &str) = (RGBColor(2, 2, 2), "--grid");

/// Colours of lines: `--line0` and so on. More series share them again.
pub(super) const LINE_COLORS: usize = 10;

/// The plot; `None` if no point has a number.
pub(super) fn plot(field: &str, series: &[&Series]) -> Option<String> {
    let lines: Vec<_> = series.iter().map(|series| segments(series, field == POSITION)).collect();
    let points = || lines.iter().flatten().flatten().copied();
    let bounds = |pick: fn((f64, f64)) -> f64| {
        let (lowest, highest) = points()
            .map(pick)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let margin = if highest > lowest { (highest - lowest) * 0.05 } else { 0.5 };
        lowest - margin..highest + margin
    };
    points().next()?;
    let (times, values) = (bounds(|point| point.0), bounds(|point| point.1));
    let mut svg = String::new();
    draw(&mut svg, field, &lines, times, values).ok()?;
    Some(with_variables(svg, &super::page::escaped(field)))
}

/// Points of a series, split where it isn't known or the record was missing. A higher place of a chart is a higher point.
fn segments(series: &Series, is_position: bool) -> Vec<Vec<(f64, f64)>> {
    let sign = if is_position { -1.0 } else { 1.0 };
    let points: Vec<_> = series.points.iter().map(|point| Some((days(&point.at)?, number(point)? * sign))).collect();
    points
        .split(Option::is_none)
        .map(|part| part.iter().flatten().copied().collect())
        .filter(|part: &Vec<_>| !part.is_empty())
        .collect()
}

/// Days since 1970.
fn days(time: &str) -> Option<f64> {
    let time = humantime::parse_rfc3339(time).ok()?;
    Some(time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs_f64() / 86_400.0)
}

/// The date of a number of days since 1970, without its year.
fn date(days: &f64) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs_f64((days * 86_400.0).max(0.0));
    humantime::format_rfc3339_seconds(time).to_string().get(5..10).unwrap_or_default().to_owned()
}

fn draw(
    svg: &mut String,
    field: &str,
    lines: &[Vec<Vec<(f64, f64)>>],
    times: std::ops::Range<f64>,
    values: std::ops::Range<f64>,
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let height = values.end - values.start;
    let area = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_right(28)
        .x_label_area_size(28)
        .y_label_area_size(56)
        .build_cartesian_2d(times, values)
        .map_err(|_| DrawingAreaErrorKind::LayoutError)?;
    let decimals = if height < SMALL_RANGE { 3 } else { 2 };
    let label = |value: &f64| if field == POSITION { format!("{:.0}", -value) } else { format!("{value:.decimals$}") };
    let text = ("sans-serif", 13).into_font().color(&INK.0);
    let mesh = chart
        .configure_mesh()
        .x_labels(8)
        .y_labels(6)
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.0)
        .axis_style(GRID.0)
        .label_style(text)
        .x_label_formatter(&date)
        .y_label_formatter(&label)
        .draw();
    mesh.map_err(|_| DrawingAreaErrorKind::LayoutError)?;
    for (index, segments) in lines.iter().enumerate() {
        let color = line_color(index);
        for segment in segments {
            let style = color.stroke_width(2);
            let drawn = chart.draw_series(LineSeries::new(segment.iter().copied(), style)).map(drop);
            drawn.map_err(|_| DrawingAreaErrorKind::LayoutError)?;
            if let [point] = segment.as_slice() {
                let dot = chart.draw_series([Circle::new(*point, 3, color.filled())]).map(drop);
                dot.map_err(|_| DrawingAreaErrorKind::LayoutError)?;
            }
        }
    }
    area.present().map_err(|_| DrawingAreaErrorKind::LayoutError)
}

fn line_color(index: usize) -> RGBColor {
    RGBColor(3, 3, u8::try_from(index % LINE_COLORS).unwrap_or_default())
}

/// The plot with variables in place of its colours, as wide as there is room.
fn with_variables(svg: String, field: &str) -> String {
    let hex = |RGBColor(red, green, blue): RGBColor| format!("\"#{red:02X}{green:02X}{blue:02X}\"");
    let lines = (0..LINE_COLORS).map(|index| (hex(line_color(index)), format!("\"var(--line{index})\"")));
    let others = [INK, GRID].map(|(color, name)| (hex(color), format!("\"var({name})\"")));
    let svg = lines.chain(others).fold(svg, |svg, (color, variable)| svg.replace(&color, &variable));
    svg.replacen(
        &format!("width=\"{WIDTH}\" height=\"{HEIGHT}\""),
        &format!("class=\"plot\" role=\"img\" aria-label=\"{field} over time\""),
        1,
    )
}
