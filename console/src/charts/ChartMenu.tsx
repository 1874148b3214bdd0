import { ActionIcon, Menu } from '@mantine/core';
import { Icon } from '../ui/Icon.tsx';
import { useText } from '../ui/language.tsx';
import type { ChartControls } from './controls.ts';
import { download, downloadText } from './download.ts';
import { type TimeData, toCsv } from './series.ts';

interface ChartMenuProps {
  title: string;
  data: TimeData | undefined;
  controls: ChartControls;
}

/** The menu in the head of a chart: its table twin and downloads. */
export function ChartMenu({ title, data, controls }: ChartMenuProps) {
  const text = useText();
  if (data === undefined) return null;
  const file = title.toLowerCase().replaceAll(/\s+/g, '-');
  const saveCsv = () => downloadText(`${file}.csv`, 'text/csv', csvOf(data, text));
  const savePicture = () => {
    const url = controls.picture.current?.();
    if (url !== undefined) download(`${file}.png`, url);
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={text('charts.menu', { title })}>
          <Icon name="more" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => controls.setTable(!controls.isTable)}>
          {text(controls.isTable ? 'charts.show_chart' : 'charts.show_table')}
        </Menu.Item>
        <Menu.Item onClick={saveCsv}>{text('charts.csv')}</Menu.Item>
        {!controls.isTable && <Menu.Item onClick={savePicture}>{text('charts.png')}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}

function csvOf(data: TimeData, text: ReturnType<typeof useText>): string {
  const head = ['time'];
  for (const one of data.series) {
    head.push(one.label);
    if (one.previous) head.push(text('charts.previous_of', { name: one.label }));
  }
  const rows = data.times.map((at, index) => {
    const row: (string | number | null)[] = [new Date(at).toISOString()];
    for (const one of data.series) {
      row.push(one.values[index] ?? null);
      if (one.previous) row.push(one.previous[index] ?? null);
    }
    return row;
  });
  return toCsv(head, rows);
}
