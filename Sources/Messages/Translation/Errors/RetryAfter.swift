/// The header `retry-after`: seconds, or a date (RFC 9110, section 10.2.3).
public enum RetryAfter {
    /// Longer waits are of no use to a client that a person waits for.
    private static let longest = 3600

    /// - Parameter now: Unix seconds.
    /// - Returns: seconds from now, rounded up; nil where the value is neither.
    public static func seconds(_ value: String, now: Int) -> Int? {
        if let seconds = Double(value), seconds.isFinite { return min(max(0, Int(min(seconds.rounded(.up), Double(longest)))), longest) }
        return time(of: value).map { min(max(0, $0 - now), longest) }
    }

    /// Unix seconds of `Sun, 06 Nov 1994 08:49:37 GMT`, the only form that is written today.
    private static func time(of text: String) -> Int? {
        let words = text.split { $0 == " " || $0 == "," || $0 == ":" }
        guard words.count == 8, words[7] == "GMT", let day = Int(words[1]), let month = months.firstIndex(of: String(words[2])).map({ $0 + 1 }),
            let year = Int(words[3]), (1970...9999).contains(year), (1...31).contains(day)
        else { return nil }
        let clock = words[4...6].compactMap { Int($0) }
        guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2]) else { return nil }
        return days(year, month, day) * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Days from 1970-01-01 in the Gregorian calendar: years begin in March, so that the day of a leap year is the last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + ofYear - 719_468
    }
}
