import { sdxlImagesAmongVideos, sdxlImagesIdle, wanImagesAmongVideos, wanImagesIdle } from './amongVideos.ts'
import { backlogMix, backlogSdxl } from './backlogs.ts'
import { flood } from './flood.ts'
import { poisson70, poisson90 } from './poissonLoads.ts'
import type { Scenario, ScenarioName } from './scenario.ts'

export const ALL_SCENARIOS: Record<ScenarioName, Scenario> = {
  'backlog-sdxl': backlogSdxl,
  'backlog-mix': backlogMix,
  'wan-images-among-videos': wanImagesAmongVideos,
  'wan-images-idle': wanImagesIdle,
  'sdxl-images-among-videos': sdxlImagesAmongVideos,
  'sdxl-images-idle': sdxlImagesIdle,
  'poisson-70': poisson70,
  'poisson-90': poisson90,
  flood,
}
