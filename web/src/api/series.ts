/** The calls about series and about rules. */
import createClient, { type Client } from "openapi-fetch";
import { answer, done } from "./client";
import { ApiError } from "./problem";
import type { Send } from "./renewal";
import type {
  Calendar,
  HistoryPage,
  RulePreview,
  RuleTrial,
  Series,
  SeriesPatch,
  SeriesWhole,
  paths,
} from "./types";

/** What identifies a series and the state of it that a person has seen. */
export type SeenSeries = Pick<Series, "id" | "version">;

export class SeriesApi {
  readonly #client: Client<paths>;

  constructor(send: Send, origin: string) {
    this.#client = createClient<paths>({ baseUrl: origin, fetch: send });
  }

  async preview(body: RuleTrial): Promise<RulePreview> {
    return answer(this.#client.POST("/api/v1/recurring/preview", { body }));
  }

  async get(series_id: string): Promise<SeriesWhole> {
    const params = { path: { series_id } };
    return answer(this.#client.GET("/api/v1/recurring/series/{series_id}", { params }));
  }

  /** Names what is wrong by the fields of the task. */
  async change(seen: SeenSeries, body: SeriesPatch): Promise<SeriesWhole> {
    const path = "/api/v1/recurring/series/{series_id}";
    try {
      return await answer(this.#client.PATCH(path, { ...on(seen), body }));
    } catch (error) {
      throw error instanceof ApiError ? error.within("changes") : error;
    }
  }

  async skip(seen: SeenSeries, task_id: string): Promise<SeriesWhole> {
    const options = { ...on(seen), body: { task_id } };
    return answer(this.#client.POST("/api/v1/recurring/series/{series_id}/skip", options));
  }

  async pause(seen: SeenSeries): Promise<SeriesWhole> {
    return answer(this.#client.POST("/api/v1/recurring/series/{series_id}/pause", on(seen)));
  }

  async resume(seen: SeenSeries): Promise<SeriesWhole> {
    return answer(this.#client.POST("/api/v1/recurring/series/{series_id}/resume", on(seen)));
  }

  async stop(seen: SeenSeries): Promise<void> {
    await done(this.#client.DELETE("/api/v1/recurring/series/{series_id}", on(seen)));
  }

  /** A page of the history, the newest first. */
  async history(series_id: string, cursor: string | null): Promise<HistoryPage> {
    const query = { limit: 20, ...(cursor === null ? {} : { cursor }) };
    const params = { path: { series_id }, query };
    return answer(this.#client.GET("/api/v1/recurring/series/{series_id}/history", { params }));
  }

  /** A month such as `2026-03`; the present one in the zone of the series, where it is left out. */
  async calendar(series_id: string, month: string | null): Promise<Calendar> {
    const params = { path: { series_id }, query: month === null ? {} : { month } };
    return answer(this.#client.GET("/api/v1/recurring/series/{series_id}/calendar", { params }));
  }
}

/** A guarded write: it names the series and the version seen. */
function on({ id, version }: SeenSeries): {
  params: { path: { series_id: string } };
  headers: Record<string, string>;
} {
  return { params: { path: { series_id: id } }, headers: { "If-Match": `"${version}"` } };
}
