import type { Message } from '../message.ts';

/** Words that several screens share. */
export const common = {
  'common.copy': { en: 'Copy', zh: '复制' },
  'common.copied': { en: 'Copied', zh: '已复制' },
  'common.close': { en: 'Close', zh: '关闭' },
  'common.cancel': { en: 'Cancel', zh: '取消' },
  'common.save': { en: 'Save', zh: '保存' },
  'common.saved': { en: 'Saved', zh: '已保存' },
  'common.retry': { en: 'Try again', zh: '重试' },
  'common.back': { en: 'Back', zh: '返回' },
  'common.more': { en: 'More', zh: '更多' },
  'common.none': { en: 'None', zh: '无' },
  'common.delete': { en: 'Delete', zh: '删除' },
  'common.refresh': { en: 'Refresh', zh: '刷新' },
  'common.loading': { en: 'Loading', zh: '正在加载' },
  'common.still_working': { en: 'Still working, {seconds} s.', zh: '仍在查询,已用 {seconds} 秒。' },
  'common.request_id': { en: 'Request {id}', zh: '请求 {id}' },
  'common.copy_error': { en: 'Copy details', zh: '复制详情' },
  'common.definition': { en: 'How is this counted?', zh: '这个数字怎么来的?' },
  'common.definition_of': { en: 'Definition of {name}', zh: '{name} 的定义' },
  'common.sql': { en: 'SQL', zh: 'SQL' },
  'common.copy_sql': { en: 'Copy SQL', zh: '复制 SQL' },
  'common.never': { en: 'never', zh: '从未' },
  'common.unreachable': {
    en: 'The server does not answer. Check that it runs and that your network reaches it.',
    zh: '服务器没有响应。请检查服务是否运行、网络是否可达。',
  },
  'common.type_name_to_confirm': { en: 'Type {name} to confirm', zh: '输入 {name} 以确认' },
} as const satisfies Record<`common.${string}`, Message>;
