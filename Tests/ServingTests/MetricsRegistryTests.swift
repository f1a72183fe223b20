import Serving
import Testing

@Suite struct MetricsRegistryTests {
    @Test func aDeclaredFamilyIsThereBeforeItsFirstValue() {
        let registry = MetricsRegistry()
        registry.declare("requests_total", .counter, help: "Requests\nby status.")
        #expect(registry.text == "# HELP requests_total Requests\\nby status.\n# TYPE requests_total counter\nrequests_total 0\n")
    }

    @Test func labelsAreEscapedAndSorted() {
        let registry = MetricsRegistry()
        registry.declare("n", .counter, help: "h")
        registry.add(to: "n", [("path", "b")])
        registry.add(2, to: "n", [("path", "a\"\\\n")])
        registry.add(to: "n", [("path", "b")])
        #expect(registry.text.hasSuffix("n{path=\"a\\\"\\\\\\n\"} 2\nn{path=\"b\"} 2\n"))
        #expect(registry.value("n", [("path", "b")]) == 2)
    }

    @Test func bucketsAreCumulative() {
        let registry = MetricsRegistry()
        registry.declare("t", .histogram, help: "h", bounds: [1, 0.1])
        for value in [0.05, 0.5, 5] { registry.observe(value, in: "t") }
        #expect(
            registry.text.hasSuffix("t_bucket{le=\"0.1\"} 1\nt_bucket{le=\"1\"} 2\nt_bucket{le=\"+Inf\"} 3\nt_sum 5.55\nt_count 3\n"))
    }

    @Test func aSourceIsReadAtTheScrape() {
        let registry = MetricsRegistry()
        registry.declare("depth", .gauge, help: "h") { 3 }
        #expect(registry.text.hasSuffix("depth 3\n"))
    }

    @Test func anUndeclaredFamilyIsNotInvented() {
        let registry = MetricsRegistry()
        registry.add(to: "unknown")
        registry.observe(1, in: "unknown")
        #expect(registry.text == "")
    }
}
