import FoundationEssentials
import JSON
import Testing

private let shared = ProcessInfo.processInfo.environment["ANYCLAUDE_SHARED"]
private func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

@Suite(.enabled(if: shared != nil, "ANYCLAUDE_SHARED is not set: the public suites are not there"))
struct JSONSuiteTests {
    /// Of the cases that the suite leaves open: UTF-16, invalid UTF-8, lone surrogates and numbers beyond binary64 are refused; a
    /// byte order mark, underflow and integers of any length are taken.
    @Test func parsingSuite() throws {
        let folder = try #require(shared) + "/data/json-test-suite/test_parsing"
        let open: Set<String> = [
            "i_number_double_huge_neg_exp.json", "i_number_real_underflow.json", "i_number_too_big_neg_int.json", "i_number_too_big_pos_int.json",
            "i_number_very_big_negative_int.json", "i_structure_500_nested_arrays.json", "i_structure_UTF-8_BOM_empty_object.json",
        ]
        var counts: [Character: Int] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let kind = try #require(name.first)
            counts[kind, default: 0] += 1
            let text = try bytes("\(folder)/\(name)")
            do throws(JSONError) {
                let value = try JSON(parsing: text)
                #expect(kind == "y" || open.contains(name), "\(name) was taken")
                #expect(try JSON(parsing: value.bytes) == value, "\(name)")
            } catch {
                #expect(kind == "n" || (kind == "i" && !open.contains(name)), "\(name): \(error)")
                #expect(error.offset <= text.count && error.line >= 1 && error.column >= 1, "\(name)")
            }
        }
        #expect(counts == ["y": 95, "n": 188, "i": 35])
    }

    @Test(arguments: ["arrays", "french", "structures", "unicode", "values", "weird"])
    func canonicalForm(name: String) throws {
        let folder = try #require(shared) + "/data/jcs"
        let value = try JSON(parsing: try bytes("\(folder)/input/\(name).json"))
        let expected = String(decoding: try bytes("\(folder)/output/\(name).json"), as: UTF8.self)
        #expect(String(decoding: value.canonicalBytes, as: UTF8.self) == expected)
    }
}

@Suite struct CanonicalFormTests {
    /// The samples of RFC 8785, appendix B.
    @Test(
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"), (0x8000_0000_0000_0001, "-5e-324"),
            (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"), (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
            (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"), (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
            (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"), (0x41B3_DE43_5555_5553, "333333333.3333332"),
            (0x41B3_DE43_5555_5554, "333333333.33333325"), (0x41B3_DE43_5555_5555, "333333333.3333333"),
            (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
            (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
        ] as [(UInt64, String)])
    func numbersAsECMAScriptPrintsThem(bits: UInt64, text: String) throws {
        let number = try #require(JSONNumber(Double(bitPattern: bits)))
        #expect(String(decoding: JSON.number(number).canonicalBytes, as: UTF8.self) == text)
    }

    /// Keys with equal beginnings of every length, and characters on both sides of the surrogates.
    @Test func keysAreInTheOrderOfTheirUTF16() throws {
        let letters = ["a", "\0", "\u{7F}", "\u{E9}", "\u{D7FF}", "\u{E000}", "\u{FFFD}", "\u{10000}", "\u{10FFFF}"]
        var keys: Set<String> = [""]
        for length in 0..<10 {
            for first in letters {
                let start = String(repeating: "x", count: length) + first
                keys.formUnion([start] + letters.map { start + $0 })
            }
        }
        let object = JSON.object(JSONObject(keys.map { .init(key: $0, value: nil) }))
        let expected = keys.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
        #expect(try JSON(parsing: object.canonicalBytes).objectValue?.members.map(\.key) == expected)
    }

    @Test func membersAreSortedByUTF16() throws {
        let value: JSON = ["\u{E000}": 1, "😀": 2, "a": 3, "\r": 4, "1": 5]
        #expect(String(decoding: value.canonicalBytes, as: UTF8.self) == "{\"\\r\":4,\"1\":5,\"a\":3,\"😀\":2,\"\u{E000}\":1}")
    }
}
