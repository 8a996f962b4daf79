import { describe, expect, it } from "vitest";
import { Drafting, EMPTY_FORM, toDraft } from "../../src/features/draft";

const NOW = new Date(2026, 2, 4, 12);

describe("the form of a new task", () => {
  it("with nothing but a title sends nothing but that and the priority", () => {
    expect(toDraft({ ...EMPTY_FORM, title: "  Water plants " }, NOW)).toEqual({
      title: "Water plants",
      priority: "medium",
    });
  });

  it("sends the due date as an instant, with its reminder and repetition", () => {
    const form = {
      ...EMPTY_FORM,
      title: "x",
      due: "2026-03-02T09:00",
      reminder: "PT1H",
      repeat: "weekly",
    } as const;
    expect(toDraft(form, NOW)).toEqual({
      title: "x",
      priority: "medium",
      due_date: new Date(2026, 2, 2, 9).toISOString(),
      recurrence: { rule: "weekly:MON" },
      reminders: [{ offset: "PT1H" }],
    });
  });

  it("repeats from now and reminds of nothing without a due date", () => {
    const form = { ...EMPTY_FORM, title: "x", reminder: "PT1H", repeat: "monthly" } as const;
    expect(toDraft(form, NOW)).toEqual({
      title: "x",
      priority: "medium",
      recurrence: { rule: "monthly:4" },
    });
  });
});

describe("a draft", () => {
  const form = { ...EMPTY_FORM, title: "Pay", repeat: "weekly" } as const;
  const before = new Date(2026, 2, 2, 23, 59, 58);
  const after = new Date(2026, 2, 3, 0, 0, 5);

  it("that is tried again after midnight is the one that was begun, until it is done", () => {
    const drafting = new Drafting();
    const begun = drafting.of(form, before);
    expect(begun).toEqual(toDraft(form, before));
    expect(drafting.of({ ...form }, after)).toEqual(begun);
    drafting.done();
    expect(drafting.of(form, after)).toEqual(toDraft(form, after));
    expect(drafting.of(form, after)).not.toEqual(begun);
  });

  it("of a form that was changed is another one", () => {
    const drafting = new Drafting();
    drafting.of(form, before);
    const changed = { ...form, title: "Pay rent" };
    expect(drafting.of(changed, after)).toEqual(toDraft(changed, after));
  });
});
