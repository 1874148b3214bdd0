import type { Message } from '../message.ts';

/** The server's own state, for operators. */
export const status = {
  'status.lead': {
    en: 'Footfall {version}, started {started} ({time}).',
    zh: 'Footfall {version} · 启动于 {time}（{started}）',
  },
  'status.not_ready': {
    en: 'The server is still reading its log: not every acknowledged event can be queried yet.',
    zh: '服务器仍在恢复日志，部分已确认的事件暂时无法查询。',
  },
  'status.corrupt': {
    en: '{n} damaged {n:record/records} of the log {n:was/were} set aside. See the server’s log.',
    zh: '日志中有 {n} 条损坏记录被隔离，请查看服务器日志。',
  },
  'status.flush_failures': {
    en: '{n} {n:flush/flushes} failed since the start. See the server’s log.',
    zh: '启动以来有 {n} 次写盘失败，请查看服务器日志。',
  },
  'status.damaged': {
    en: '{n} {n:read/reads} met damaged data. See the server’s log.',
    zh: '有 {n} 次读取遇到损坏数据，请查看服务器日志。',
  },
  'status.rows': { en: 'Rows', zh: '行数' },
  'status.segments': { en: 'Segments', zh: '段文件' },
  'status.lag': { en: 'Lag', zh: '延迟' },
  'status.queries_running': { en: 'Queries running', zh: '运行中的查询' },
  'status.queries_waiting': { en: '{n} waiting', zh: '{n} 个等待中' },
  'status.disk_free': { en: 'Disk free', zh: '磁盘剩余' },
  'status.disk_reserve': { en: '{size} kept free', zh: '预留 {size}' },
  'status.log': { en: 'Log', zh: '预写日志' },
  'status.log_sub': { en: 'what makes an acknowledgement durable', zh: '保证已确认数据不丢失' },
  'status.size': { en: 'Size', zh: '大小' },
  'status.unflushed': { en: 'Read again after a restart', zh: '重启后需重新读取' },
  'status.records': { en: 'Requests since the start', zh: '启动以来的请求数' },
  'status.fsyncs': { en: 'Syncs to disk', zh: '落盘同步次数' },
  'status.commits': { en: 'Group commits', zh: '组提交次数' },
  'status.refused_full': { en: 'Refused, queue full', zh: '因队列已满拒绝' },
  'status.refused_disk': { en: 'Refused, disk full', zh: '因磁盘已满拒绝' },
  'status.store': { en: 'Store', zh: '存储' },
  'status.store_sub': { en: 'memory and segments', zh: '内存与段文件' },
  'status.hot_rows': { en: 'Rows in memory', zh: '内存中的行' },
  'status.hot_bytes': { en: 'Memory for rows', zh: '行占用内存' },
  'status.open_views': { en: 'Open views', zh: '进行中的页面访问' },
  'status.open_sessions': { en: 'Open sessions', zh: '进行中的会话' },
  'status.dead_rows': { en: 'Replaced rows in files', zh: '文件中的失效行' },
  'status.keys_memory': { en: 'Memory for known ids', zh: '去重 ID 占用内存' },
  'status.flushes': { en: 'Flushes since the start', zh: '启动以来写盘次数' },
  'status.compactions': { en: 'Compactions since the start', zh: '启动以来合并次数' },
  'status.tables': { en: 'Tables', zh: '数据表' },
  'status.table': { en: 'Table', zh: '表' },
  'status.bytes_per_row': { en: 'A row', zh: '每行大小' },
} as const satisfies Record<`status.${string}`, Message>;
