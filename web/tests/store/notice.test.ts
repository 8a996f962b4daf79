import { describe, expect, it } from "vitest";
import { noticeText } from "../../src/store/notice";

const title = "Reminder: Tea";
const reminder = { id: "r", fire_at: "2026-01-20T08:00:00Z", late_by_seconds: 720 };

describe("the notice of a reminder", () => {
  it("is its title, and is given once for all that were missed together", () => {
    const digests = [
      { id: "d", place: 1, missed: 7 },
      { id: "d", place: 2, missed: 7 },
      { id: "d", place: 1, missed: 1 },
    ];
    const said = digests.map((digest) => noticeText({ title, reminder: { ...reminder, digest } }));
    expect(said).toEqual(["7 reminders were missed.", "", title]);
    expect([noticeText({ title, reminder }), noticeText({ title, reminder: null })]).toEqual([
      title,
      title,
    ]);
  });
});
