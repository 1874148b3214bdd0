import type { Message } from '../message.ts';

/** The way in: first start, sign-in, invitation, reset. */
export const access = {
  'access.other_language': { en: '中文', zh: 'English' },
  'access.sign_in': { en: 'Sign in', zh: '登录' },
  'access.email': { en: 'E-mail', zh: '邮箱' },
  'access.name': { en: 'Your name', zh: '您的姓名' },
  'access.password': { en: 'Password', zh: '密码' },
  'access.new_password': { en: 'New password', zh: '新密码' },
  'access.show_password': { en: 'Show the password', zh: '显示密码' },
  'access.password_rule': { en: 'At least {n} characters', zh: '至少 {n} 个字符' },
  'access.wait': { en: 'Too many attempts. Try again in {seconds} s.', zh: '尝试次数过多，请在 {seconds} 秒后重试。' },
  'access.forgotten': {
    en: 'Password forgotten? Whoever runs the server can make a link: footfall admin reset-link --email YOU',
    zh: '忘记密码？请让服务器管理员运行：footfall admin reset-link --email 您的邮箱',
  },
  'access.setup_title': { en: 'Set up Footfall', zh: '设置 Footfall' },
  'access.setup_lead': {
    en: 'You become the owner of this server. Others come in by invitation.',
    zh: '您将成为此服务器的所有者，其他人通过邀请加入。',
  },
  'access.setup_submit': { en: 'Create owner', zh: '创建所有者' },
  'access.setup_done': { en: 'This server is set up already.', zh: '此服务器已完成设置。' },
  'access.setup_no_token': {
    en: 'Open the link that the server printed when it started: it ends in /setup?token=…',
    zh: '请打开服务器启动时打印的链接，其结尾为 /setup?token=…',
  },
  'access.no_token': {
    en: 'The link is incomplete: open it once more as it was sent.',
    zh: '链接不完整，请重新打开收到的完整链接。',
  },
  'access.invite_title': { en: 'Join Footfall', zh: '加入 Footfall' },
  'access.invite_lead': { en: 'You are invited to {workspace} as {role}.', zh: '您受邀以{role}身份加入 {workspace}。' },
  'access.invite_submit': { en: 'Join', zh: '加入' },
  'access.reset_title': { en: 'Choose a new password', zh: '设置新密码' },
  'access.reset_submit': { en: 'Save and sign in', zh: '保存并登录' },
} as const satisfies Record<`access.${string}`, Message>;
