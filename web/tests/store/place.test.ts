import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Place } from "../../src/store/place.svelte";

/** A browser's history, which goes back when `settle` is called, as it does when it gets to it. */
class Browser {
  entries: { hash: string; state: unknown }[] = [{ hash: "", state: null }];
  at = 0;
  pending = 0;

  get location(): { hash: string; pathname: string; search: string } {
    return { hash: this.entries[this.at]?.hash ?? "", pathname: "/", search: "" };
  }

  get history(): object {
    return {
      state: this.entries[this.at]?.state,
      back: () => (this.pending += 1),
      pushState: (state: unknown, _: string, hash: string) => {
        this.entries = [...this.entries.slice(0, this.at + 1), { hash, state }];
        this.at += 1;
      },
      replaceState: (state: unknown) => {
        this.entries[this.at] = { hash: "", state };
      },
    };
  }

  go(steps: number, place: Place): void {
    this.at += steps;
    place.follow();
  }

  settle(place: Place): void {
    const steps = this.pending;
    this.pending = 0;
    if (steps > 0) this.go(-steps, place);
  }
}

describe("the address", () => {
  let browser: Browser;

  beforeEach(() => {
    browser = new Browser();
    vi.stubGlobal("location", {
      get hash() {
        return browser.location.hash;
      },
      pathname: "/",
      search: "",
    });
    vi.stubGlobal(
      "history",
      new Proxy({}, { get: (_, name) => Reflect.get(browser.history, name) as unknown }),
    );
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("names the task that is open, and the way back leaves it", () => {
    const place = new Place();
    place.open("a");
    expect(browser.location.hash).toBe("#/tasks/a");
    browser.go(-1, place);
    expect(place.taskId).toBeNull();
    browser.go(1, place);
    expect(place.taskId).toBe("a");
  });

  it("names none after a task that it began with", () => {
    browser.entries = [{ hash: "#/tasks/a", state: null }];
    const place = new Place();
    expect(place.taskId).toBe("a");
    place.close();
    expect([place.taskId, browser.location.hash]).toEqual([null, ""]);
  });

  it("keeps a task that is opened before the browser has gone back from another", () => {
    const place = new Place();
    place.open("a");
    place.close();
    place.open("b");
    browser.settle(place);
    expect([place.taskId, browser.location.hash]).toEqual(["b", "#/tasks/b"]);
    place.close();
    browser.settle(place);
    expect([place.taskId, browser.location.hash, browser.at]).toEqual([null, "", 0]);
  });

  it("stays with a task that may not be left", () => {
    const place = new Place();
    place.open("a");
    place.mayLeave = () => false;
    browser.go(-1, place);
    expect([place.taskId, browser.location.hash]).toEqual(["a", "#/tasks/a"]);
  });
});
