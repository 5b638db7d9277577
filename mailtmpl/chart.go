package mailtmpl

import (
	"fmt"
	"strings"

	"github.com/go-analyze/charts"

	"github.com/countersign/countersign/policy"
)

// A Picture is shown in the HTML part of a mail; Words say the same.
type Picture struct {
	File  File
	Words string
}

// pictures are what notices can show that is drawn.
var pictures = map[string]func(Data) (*Picture, error){
	"digest-chart": chartOf,
}

// The series of the chart, in colors that people tell apart who do not see all
// of them.
var series = []struct {
	name  string
	color string
	of    func(policy.Counts) int
}{
	{"proposed", "#56b4e9", func(c policy.Counts) int { return c.Proposed }},
	{"closed", "#0060a8", func(c policy.Counts) int { return c.Ended[policy.StateClosed] }},
	{"ended otherwise", "#d55e00", otherwise},
}

// otherwise counts the changes that reached another end than the one intended.
func otherwise(c policy.Counts) (n int) {
	for _, end := range policy.Ends {
		if end != policy.StateClosed {
			n += c.Ended[end]
		}
	}
	return n
}

// chartOf draws the month beside those before it. It lies on a light ground of
// its own, so that it can be read wherever the mail is dark.
func chartOf(d Data) (*Picture, error) {
	months := d.Digest().Months()
	values := make([][]float64, len(series))
	var names, words, labels []string
	var colors []charts.Color
	for i, s := range series {
		names, colors = append(names, s.name), append(colors, charts.ColorFromHex(s.color))
		for _, m := range months {
			values[i] = append(values[i], float64(s.of(m.Counts)))
		}
	}
	for _, m := range months {
		labels = append(labels, m.Short())
		var said []string
		for _, s := range series {
			said = append(said, fmt.Sprintf("%d %s", s.of(m.Counts), s.name))
		}
		words = append(words, m.Name()+": "+strings.Join(said, ", "))
	}
	png, err := drawn(values, labels, names, colors)
	if err != nil {
		return nil, fmt.Errorf("drawing the chart: %w", err)
	}
	return &Picture{
		File:  File{Name: "changes.png", Type: "image/png", ContentID: "chart@countersign", Bytes: png},
		Words: "Changes by month. " + strings.Join(words, "; ") + ".",
	}, nil
}

// The chart is drawn with twice the pixels it is shown in, for screens that have
// them.
const (
	chartWidth, chartHeight = 1200, 560
	chartText               = 22
)

func drawn(values [][]float64, labels, names []string, colors []charts.Color) ([]byte, error) {
	ink, ground := charts.ColorFromHex("#1b1f23"), charts.ColorFromHex("#ffffff")
	text := charts.NewFontStyleWithSize(chartText)
	text.FontColor = ink
	theme := charts.MakeTheme(charts.ThemeOption{
		BackgroundColor: ground, TextColor: ink, AxisStrokeColor: charts.ColorFromHex("#8a939c"), AxisSplitLineColor: ground, SeriesColors: colors,
	})
	opt := charts.NewBarChartOptionWithData(values)
	opt.Theme = theme
	opt.Padding = charts.NewBoxEqual(28)
	opt.CategoryAxis.Labels, opt.CategoryAxis.LabelFontStyle = labels, text
	opt.ValueAxis[0].Show = new(false)
	opt.ValueAxis[0].Min = new(0.0)
	opt.Legend = charts.LegendOption{SeriesNames: names, FontStyle: text}
	for i := range opt.SeriesList {
		opt.SeriesList[i].Label = charts.SeriesLabel{Show: new(true), FontStyle: text, ValueFormatter: whole}
	}
	p := charts.NewPainter(charts.PainterOptions{
		OutputFormat: charts.ChartOutputPNG, Width: chartWidth, Height: chartHeight,
	})
	if err := p.BarChart(opt); err != nil {
		return nil, err
	}
	return p.Bytes()
}

// whole writes a number over its bar; where there is no bar there is nothing to
// write.
func whole(n float64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", n)
}
