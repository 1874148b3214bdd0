import type { Message } from '../message.ts';

export const charts = {
  'charts.menu': { en: 'Chart menu: {title}', zh: '图表菜单：{title}' },
  'charts.show_table': { en: 'Show as table', zh: '显示为表格' },
  'charts.show_chart': { en: 'Show as chart', zh: '显示为图表' },
  'charts.csv': { en: 'Download CSV', zh: '下载 CSV' },
  'charts.png': { en: 'Download PNG', zh: '下载 PNG' },
  'charts.line': { en: 'Line', zh: '折线图' },
  'charts.bar': { en: 'Bars', zh: '柱状图' },
  'charts.stacked_bar': { en: 'Stacked bars', zh: '堆叠柱状图' },
  'charts.top_list': { en: 'Top list', zh: '排行' },
  'charts.time': { en: 'Time', zh: '时间' },
  'charts.per': { en: 'per {step}', zh: '每 {step}' },
  'charts.this_period': { en: 'this period', zh: '本时段' },
  'charts.previous_period': { en: 'previous', zh: '上一时段' },
  'charts.previous_of': { en: '{name}, previous', zh: '{name}（上一时段）' },
  'charts.incomplete': { en: 'not complete yet', zh: '尚未结束' },
  'charts.description': {
    en: '{title} per {step}: {low} to {high}, highest at {peak}. Arrow keys walk the points.',
    zh: '{title}，每 {step}：{low} 到 {high}，最高在 {peak}。用方向键逐点查看。',
  },
  'charts.description_empty': { en: '{title}: no data', zh: '{title}：没有数据' },
  'charts.hint_brush': { en: 'Drag: zoom in', zh: '拖动：放大时段' },
  'charts.good': { en: 'Good', zh: '良好' },
  'charts.needs': { en: 'Needs work', zh: '需要改进' },
  'charts.poor': { en: 'Poor', zh: '较差' },
  'charts.good_share': { en: '{share} good', zh: '良好 {share}' },
  'charts.poor_share': { en: '{share} poor', zh: '较差 {share}' },
  'charts.shares': {
    en: 'good {good}, needs work {needs}, poor {poor}',
    zh: '良好 {good}，需要改进 {needs}，较差 {poor}',
  },
} as const satisfies Record<`charts.${string}`, Message>;
